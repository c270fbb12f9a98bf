/**
 * Metrics over HTTP: a `(Request) => Promise<Response>` handler for any server, and servers on
 * `Deno.serve`, `Bun.serve` and `node:http`.
 *
 * @example
 * ```ts
 * import { serveMetrics } from "@busbar/busbar/http";
 *
 * await using server = serveMetrics({ port: 0, scrape: () => Promise.resolve("up 1\n") });
 * const response = await fetch(server.metricsUrl);
 * if (await response.text() !== "up 1\n") throw new Error("unexpected");
 * ```
 *
 * @module
 */
export type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
export {
  CONTENT_TYPES,
  createMetricsHandler,
  type MetricsHandlerOptions,
} from "./metrics_handler.ts";
export {
  AddressInUseError,
  DEFAULT_METRICS_ADDRESS,
  type MetricsServer,
  type ServeMetricsOptions,
} from "./metrics_server.ts";
export { serveMetrics } from "./serve_metrics.ts";
export { startMetricsServer } from "./start_metrics_server.ts";
