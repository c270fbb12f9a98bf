import { createMetricsHandler, type MetricsHandlerOptions } from "./metrics_handler.ts";

/** The options of {@linkcode serveMetrics}. */
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
  /** Ends the server after the requests under way. */
  shutdown(): Promise<void>;
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

/**
 * Serves metrics with `Deno.serve`; it needs `--allow-net=127.0.0.1:9464` or what is chosen.
 *
 * @throws {AddressInUseError} if the address is taken
 * @throws {RangeError} if `port` is not an integer from 0 to 65535
 */
export function serveMetrics(options: ServeMetricsOptions): MetricsServer {
  const { hostname = "127.0.0.1", port = 9464 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot serve metrics: port must be an integer from 0 to 65535, received ${port}`,
    );
  }
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen: () => {} }, createMetricsHandler(options));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new AddressInUseError(hostname, port, { cause: error });
    }
    throw error;
  }
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const shutdown = () => server.shutdown();
  return {
    metricsUrl: `http://${host}:${server.addr.port}/metrics`,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}
