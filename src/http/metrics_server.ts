import { type DeadlineOptions, resolveTimeoutMs } from "../internal/deadline.ts";
import { format } from "../internal/arguments.ts";
import { settlesWithin } from "../internal/timers.ts";
import type { MetricsHandlerOptions } from "./metrics_handler.ts";

/**
 * Where metrics are served by default: reachable from this machine only, on the port of
 * OpenTelemetry's Prometheus exporter.
 */
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
   * Closes the server after the requests in progress; those that are not done after `timeoutMs`
   * (default: 5,000) are cut off. Deno cannot cut off an answer to a client that does not read it:
   * the server does not wait for that one. A second call returns the first one's result.
   */
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/** Thrown if the address to serve metrics at is in use. */
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
      `Cannot serve metrics: port must be an integer from 0 to 65535, received ${format(port)}`,
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
    const timeoutMs = resolveTimeoutMs("shut the metrics server down", options);
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
  if (await settlesWithin(timeoutMs, ending)) return;
  await end.now();
}
