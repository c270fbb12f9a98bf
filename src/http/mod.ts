/**
 * Metrics over HTTP: a `(Request) => Promise<Response>` handler for any server, and a server on
 * `Deno.serve`.
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
export type { ScrapeFormat } from "../otel/scrape_format.ts";
export {
  CONTENT_TYPES,
  createMetricsHandler,
  type MetricsHandlerOptions,
} from "./metrics_handler.ts";
export {
  AddressInUseError,
  type MetricsServer,
  serveMetrics,
  type ServeMetricsOptions,
} from "./serve_metrics.ts";
