import { type DeadlineOptions, resolveTimeoutMs } from "../bus/options.ts";
import { show } from "../bus/refuse.ts";
import { withinMs } from "../otel/export/timers.ts";
import type { MetricsHandlerOptions } from "./metrics_handler.ts";

/** Where metrics are served unless told otherwise: on this machine alone, on the port that Prometheus exporters use. */
export const DEFAULT_METRICS_ADDRESS: Readonly<{ hostname: string; port: number }> = Object.freeze({
  hostname: "127.0.0.1",
  port: 9_464,
});

/** The options of {@linkcode serveMetrics} and {@linkcode startMetricsServer}. */
export interface ServeMetricsOptions extends MetricsHandlerOptions {
  /** The address to listen on. Default: `"127.0.0.1"`, reachable from this machine only. */
  readonly hostname?: string;
  /** The port, from 0 to 65535; 0 takes a free one. Default: 9464. */
  readonly port?: number;
}

/** A server that answers scrapes. */
export interface MetricsServer extends AsyncDisposable {
  /** Where the metrics are, such as `http://127.0.0.1:9464/metrics`. */
  readonly metricsUrl: string;
  /**
   * Ends the server after the requests under way; those that are not over after `timeoutMs` (5,000
   * by default) are cut off. In Deno that does not reach an answer that is being sent to a client
   * which does not read it: it is not waited for. A second call gets the first one's result.
   */
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/** Thrown when the address that metrics should be served on is taken. */
export class AddressInUseError extends Error {
  /** Names this class of errors. */
  override readonly name = "AddressInUseError";
  /** The address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;

  /** Names the address that is taken. */
  constructor(hostname: string, port: number, options?: ErrorOptions) {
    super(`Cannot serve metrics: ${hostname}:${port} is in use`, options);
    this.hostname = hostname;
    this.port = port;
  }
}

/** Where to listen. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Checks where to listen and fills in the defaults. */
export function resolveAddress(options: ServeMetricsOptions): Address {
  const { hostname = DEFAULT_METRICS_ADDRESS.hostname, port = DEFAULT_METRICS_ADDRESS.port } =
    options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot serve metrics: port must be an integer from 0 to 65535, received ${show(port)}`,
    );
  }
  return { hostname, port };
}

/** What stands in the way of listening, told in the same words on every runtime. */
export function listenError(error: unknown, { hostname, port }: Address): unknown {
  const { code } = error as { code?: unknown };
  return code === "EADDRINUSE" ? new AddressInUseError(hostname, port, { cause: error }) : error;
}

/** How a runtime's server ends. */
export interface ServerEnd {
  /** Ends after the requests under way. */
  afterRequests(): Promise<void>;
  /** Ends now, whatever is under way. */
  now(): unknown;
}

/** The server as users see it. */
export function metricsServer({ hostname, port }: Address, end: ServerEnd): MetricsServer {
  let ended: Promise<void> | undefined;
  const shutdown = (options: DeadlineOptions = {}) => {
    const timeoutMs = resolveTimeoutMs("stop", options);
    return ended ??= endWithin(timeoutMs, end);
  };
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    metricsUrl: `http://${host}:${port}/metrics`,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}

async function endWithin(timeoutMs: number, end: ServerEnd): Promise<void> {
  const ending = end.afterRequests();
  if (await withinMs(timeoutMs, ending)) return;
  await end.now();
}
