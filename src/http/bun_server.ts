import { createMetricsHandler } from "./metrics_handler.ts";
import {
  listenError,
  type MetricsServer,
  metricsServer,
  resolveAddress,
  type ServeMetricsOptions,
} from "./metrics_server.ts";

/** What is used of Bun. */
export interface BunRuntime {
  /** Starts a server at once. */
  serve(options: {
    hostname: string;
    port: number;
    fetch: (request: Request) => Promise<Response>;
  }): { readonly port: number; stop(now?: boolean): Promise<void> };
}

/** Serves metrics with `Bun.serve`. */
export function serveOnBun(bun: BunRuntime, options: ServeMetricsOptions): MetricsServer {
  const address = resolveAddress(options);
  try {
    const server = bun.serve({ ...address, fetch: createMetricsHandler(options) });
    return metricsServer({ ...address, port: server.port }, {
      afterRequests: () => server.stop(),
      now: () => server.stop(true),
    });
  } catch (error) {
    throw listenError(error, address);
  }
}
