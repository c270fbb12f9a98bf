/**
 * Metrics over HTTP: a handler made of routes, `(Request) => Promise<Response>`, for any server,
 * and servers on `Deno.serve`, `Bun.serve` and `node:http`.
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
 * @module
 */
export type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
export { createHandler } from "./handler.ts";
export type { HandlerOptions } from "./handler_options.ts";
export { healthRoutes, type HealthRoutesOptions } from "./health_routes.ts";
export { metricsRoute, type MetricsRouteOptions } from "./metrics_route.ts";
export { type NodeHandler, type NodeHandlerOptions, toNodeHandler } from "./node_handler.ts";
export type { NodeRequest, NodeResponse } from "./node_message.ts";
export type { Route } from "./route.ts";
export { type MetricsServer, serveMetrics, type ServeMetricsOptions } from "./serve_metrics.ts";
export { AddressInUseError, type Handler } from "./server.ts";
export { statsRoute } from "./stats_route.ts";
