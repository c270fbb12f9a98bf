import { createMetricsHandler } from "./metrics_handler.ts";
import {
  AddressInUseError,
  type MetricsServer,
  metricsServer,
  resolveAddress,
  type ServeMetricsOptions,
} from "./metrics_server.ts";

/**
 * Serves metrics with `Deno.serve`; it needs `--allow-net=127.0.0.1:9464` or what is chosen.
 * {@linkcode startMetricsServer} does the same on other runtimes too.
 *
 * @throws {AddressInUseError} if the address is taken
 * @throws {RangeError} if `port` is not an integer from 0 to 65535
 */
export function serveMetrics(options: ServeMetricsOptions): MetricsServer {
  const { hostname, port } = resolveAddress(options);
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen: () => {} }, createMetricsHandler(options));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new AddressInUseError(hostname, port, { cause: error });
    }
    throw error;
  }
  return metricsServer({ hostname, port: server.addr.port }, () => server.shutdown());
}
