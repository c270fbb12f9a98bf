import { type BunRuntime, serveOnBun } from "./bun_server.ts";
import type { MetricsServer, ServeMetricsOptions } from "./metrics_server.ts";
import { serveOnNode } from "./node_server.ts";
import { serveMetrics } from "./serve_metrics.ts";

/**
 * Serves metrics with the runtime's own server: `Deno.serve`, `Bun.serve`, or Node's `node:http`.
 * It resolves once the server accepts requests.
 *
 * @throws {AddressInUseError} if the address is in use
 * @throws {RangeError} if `port` is not an integer from 0 to 65535
 *
 * @example
 * ```ts
 * import { startMetricsServer } from "@busbar/busbar/http";
 *
 * await using server = await startMetricsServer({
 *   port: 0,
 *   scrape: () => Promise.resolve("up 1\n"),
 * });
 * const response = await fetch(server.metricsUrl);
 * if (await response.text() !== "up 1\n") throw new Error("unexpected");
 * ```
 */
export async function startMetricsServer(options: ServeMetricsOptions): Promise<MetricsServer> {
  if ("Deno" in globalThis) return serveMetrics(options);
  const { Bun } = globalThis as { Bun?: BunRuntime };
  return Bun === undefined ? await serveOnNode(options) : serveOnBun(Bun, options);
}
