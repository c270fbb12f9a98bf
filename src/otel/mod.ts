/**
 * A ready-made OpenTelemetry SDK set-up: a meter whose metrics Prometheus can scrape, as Prometheus text
 * or as OpenMetrics with exemplars, and batched, counted export over OTLP.
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
  SpanStarter,
} from "../subscribers/otel_api.ts";
export type { Exemplar } from "../subscribers/metrics/series.ts";
export type { ScrapeFormat } from "./scrape_format.ts";
export {
  createMetricProducer,
  type MetricProducerOptions,
  type WithExemplars,
} from "./metric_producer.ts";
export { DEFAULT_SPAN_LIMITS, EventTracer, type EventTracerOptions } from "./event_tracer.ts";
export {
  DEFAULT_COLLECT_TIMEOUT_MS,
  PrometheusMetrics,
  type PrometheusMetricsOptions,
} from "./prometheus_metrics.ts";
export {
  type BatchOptions,
  LogBatchProcessor,
  SpanBatchProcessor,
} from "./export/batch_processors.ts";
export { CountingMetricExporter } from "./export/counting_metric_exporter.ts";
export {
  DeltaMetricExporter,
  type DeltaMetricExporterOptions,
  TEMPORALITY_PREFERENCES,
  type TemporalityPreference,
} from "./export/delta_metric_exporter.ts";
export {
  createOtlpExporters,
  DEFAULT_OTLP_OPTIONS,
  type OtlpExporters,
  type OtlpExportersOptions,
  type OtlpSignalOptions,
} from "./export/create_otlp_exporters.ts";
export {
  DEFAULT_EXPORT_QUEUE_OPTIONS,
  type ExportCounts,
  ExportQueue,
  type ExportQueueBounds,
  type ExportQueueOptions,
} from "./export/export_queue.ts";
export {
  type ExportCountsBySignal,
  observeExport,
  type ObserveExportOptions,
} from "./export/observe_export.ts";
export type { OtlpProtocol } from "./export/otlp_exporters.ts";
export { OtlpExportError } from "./export/otlp_transport.ts";
export type * from "./sdk_types.ts";
