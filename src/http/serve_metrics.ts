import type { DeadlineOptions } from "../library/options.ts";
import { assertFunction } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { assertProtected, isLoopback } from "./access.ts";
import { createHandler } from "./handler.ts";
import type { HandlerOptions } from "./handler_options.ts";
import type { HealthRoutesOptions } from "./health_routes.ts";
import { METRICS_PATH, type MetricsRouteOptions } from "./metrics_route.ts";
import { metricsRoutes } from "./metrics_routes.ts";
import type { Route } from "./route.ts";
import { serve } from "./serve.ts";
import { type Address, assertAddress, withoutBrackets } from "./server.ts";

/** On this machine only, at the port of OpenTelemetry's Prometheus exporter. */
export const DEFAULT_METRICS_ADDRESS: Address = Object.freeze({
  hostname: "127.0.0.1",
  port: 9_464,
});

/** The options of {@linkcode serveMetrics}. */
export interface ServeMetricsOptions extends Omit<HandlerOptions, "routes" | "anyPrefix"> {
  /** Returns the metrics in the negotiated format; see `metricsRoute`. */
  readonly scrape: MetricsRouteOptions["scrape"];
  /** Whether `/readyz` answers 200. Default: always. */
  readonly ready?: HealthRoutesOptions["ready"] | undefined;
  /** What `/stats` shows as JSON, such as `() => bus.stats()`. Default: there is no `/stats`. */
  readonly stats?: (() => unknown) | undefined;
  /** Further routes. Default: none. */
  readonly routes?: readonly Route[] | undefined;
  /**
   * The address to listen on. One that others reach needs a `token`, or `insecure: true`. Default:
   * `"127.0.0.1"`, reachable from this machine only.
   */
  readonly hostname?: string | undefined;
  /** Whether others than this machine may read everything without a token. Default: `false`. */
  readonly insecure?: boolean | undefined;
  /** The port, from 0 to 65535; 0 takes a free one. Default: 9464. */
  readonly port?: number | undefined;
  /** Shuts the server down when it aborts. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Readonly<Record<keyof ServeMetricsOptions, true>> = {
  scrape: true,
  ready: true,
  stats: true,
  routes: true,
  allowedHosts: true,
  token: true,
  hostname: true,
  insecure: true,
  port: true,
  signal: true,
  logger: true,
};

/** A server that answers scrapes. */
export interface MetricsServer extends AsyncDisposable {
  /** Where it is, such as `http://127.0.0.1:9464`. */
  readonly origin: string;
  /** Where the metrics are, such as `http://127.0.0.1:9464/metrics`. */
  readonly metricsUrl: string;
  /**
   * Closes the server after the requests in progress; those that are not done after `timeoutMs`
   * (default: 5,000) are cut off. Deno cannot cut off a response to a client that does not read it:
   * the server does not wait for that one. A second call returns the first one's result.
   */
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz` with the runtime's own server: `Deno.serve`,
 * `Bun.serve`, or Node's `node:http`. It resolves once the server accepts requests. In Deno it
 * needs `--allow-net=127.0.0.1:9464`, or the address chosen.
 *
 * If it listens on a loopback address, only requests for loopback host names are answered, unless
 * `allowedHosts` names others. Elsewhere it needs a `token`, or `insecure: true`.
 *
 * @example
 * ```ts
 * import { serveMetrics } from "@busbar/busbar/http";
 *
 * await using server = await serveMetrics({ port: 0, scrape: () => Promise.resolve("up 1\n") });
 * const response = await fetch(server.metricsUrl);
 * if (await response.text() !== "up 1\n") throw new Error("unexpected");
 * ```
 *
 * @throws {AddressInUseError} if the address is in use
 * @throws {TypeError} if an option is unknown or of the wrong type, or others could read everything
 * @throws {RangeError} if `port` is not an integer from 0 to 65535
 * @throws {Error} if the runtime has no server, or the signal has aborted
 */
export async function serveMetrics(options: ServeMetricsOptions): Promise<MetricsServer> {
  assertKnownNames("serve metrics", "option", options, Object.keys(OPTIONS));
  const { token, insecure = false, signal, logger = console } = options;
  const { hostname = DEFAULT_METRICS_ADDRESS.hostname, port = DEFAULT_METRICS_ADDRESS.port } =
    options;
  assertFunction("serve metrics", "scrape", options.scrape);
  assertAddress({ hostname, port });
  assertProtected(hostname, { token, insecure });
  const handler = createHandler({
    routes: metricsRoutes(options),
    allowedHosts: options.allowedHosts ?? (isLoopback(hostname) ? [] : undefined),
    token,
    logger,
  });
  const address = { hostname: withoutBrackets(hostname), port };
  const server = await serve(handler, { ...address, signal, logger });
  return { ...server, metricsUrl: `${server.origin}${METRICS_PATH}` };
}
