/**
 * The OpenTelemetry SDK, set up: a meter whose metrics Prometheus can pull, as Prometheus text or as
 * OpenMetrics with exemplars.
 *
 * @example
 * ```ts
 * import { PrometheusMetrics } from "@busbar/busbar/otel";
 *
 * await using metrics = new PrometheusMetrics({ serviceName: "shop" });
 * metrics.meter.createCounter("shop.orders", { unit: "orders" }).add(2);
 * const scrape = await metrics.scrape();
 * if (!scrape.includes("shop_orders_total 2")) throw new Error(scrape);
 * ```
 *
 * @module
 */
export type { ApiMeterProvider, Attributes, Meter } from "../subscribers/otel_api.ts";
export type { MetricProducer, MetricReader } from "./sdk_api.ts";
export type { Exemplar } from "../subscribers/metrics/series.ts";
export type { ScrapeFormat } from "./scrape_format.ts";
export {
  createMetricProducer,
  type MetricProducerOptions,
  type WithExemplars,
} from "./metric_producer.ts";
export {
  DEFAULT_COLLECT_TIMEOUT_MS,
  PrometheusMetrics,
  type PrometheusMetricsOptions,
} from "./prometheus_metrics.ts";
