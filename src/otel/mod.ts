/**
 * A ready-made OpenTelemetry SDK set-up: a meter whose metrics Prometheus can scrape, as Prometheus
 * text or as OpenMetrics with exemplars, and batched, counted export over OTLP.
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
export type {
  ApiMeterProvider,
  Attributes,
  Context,
  Meter,
  Span,
  SpanOptions,
  TracerLike,
} from "../subscribers/otel_api.ts";
export type { Exemplar } from "../subscribers/metrics/series.ts";
export type { ScopeLabels } from "./prometheus/scope_labels.ts";
export type { ScrapeFormat } from "./prometheus/scrape_format.ts";
export { createMetricProducer, type MetricProducerOptions } from "./metrics/metric_producer.ts";
export { BusTracer, type BusTracerOptions } from "./tracing/bus_tracer.ts";
export {
  PrometheusMetrics,
  type PrometheusMetricsOptions,
} from "./prometheus/prometheus_metrics.ts";
export {
  type BatchOptions,
  LogBatchProcessor,
  type ProcessorDeadline,
  SpanBatchProcessor,
} from "./otlp/batch_processors.ts";
export { CountingMetricExporter } from "./metrics/counting_metric_exporter.ts";
export {
  DeltaMetricExporter,
  type DeltaMetricExporterOptions,
  type TemporalityPreference,
} from "./delta/delta_metric_exporter.ts";
export {
  createOtlpExporters,
  type OtlpExporters,
  type OtlpExportersOptions,
  type OtlpTargetOptions,
} from "./otlp/create_otlp_exporters.ts";
export { ExportQueue, type ExportQueueStats } from "../batching/export_queue.ts";
export {
  DEFAULT_EXPORT_QUEUE_OPTIONS,
  type ExportQueueBounds,
  type ExportQueueOptions,
} from "../batching/options.ts";
export type {
  OtlpCompression,
  OtlpProtocol,
  OtlpSettings,
  OtlpTarget,
} from "./otlp/otlp_target.ts";
export type * from "./sdk_types.ts";
