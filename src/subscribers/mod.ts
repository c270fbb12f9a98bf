/**
 * The subscribers that turn events into metrics, spans and log records. They use only the
 * OpenTelemetry API, so the application can choose the SDK.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { observeBus } from "@busbar/busbar/subscribers";
 * import { metrics } from "npm:@opentelemetry/api@1.10.0";
 *
 * const bus = new EventBus();
 * using observation = observeBus(bus, { meter: metrics.getMeter("my-service") });
 * ```
 *
 * @module
 */
export type { BusEvent, PublishInit } from "../events/event.ts";
export type {
  Attributes,
  Counter,
  Meter,
  OtelLogger,
  SpanContext,
  Tracer,
  TracerLike,
} from "./otel_api.ts";
export type { TraceContext } from "./trace_context.ts";
export { DEFAULT_SELF_METRICS_PREFIX, type SelfMetricsOptions } from "./self_metrics/options.ts";
export { observeBus } from "./self_metrics/observe_bus.ts";
export {
  type ExportStats,
  type ExportStatsBySignal,
  observeExport,
} from "./self_metrics/observe_export.ts";
export {
  DEFAULT_METRICS_OPTIONS,
  type MetricsStats,
  type MetricsSubscriberOptions,
} from "./metrics/options.ts";
export { MetricsSubscriber } from "./metrics/metrics_subscriber.ts";
export type {
  CollectedHistogram,
  CollectedMetric,
  CollectedNumbers,
  Exemplar,
  HistogramPoint,
  NumberPoint,
} from "./metrics/series.ts";
export { type SpanContextSource, SpanRegistry } from "./tracing/span_registry.ts";
export { formatTraceparent, fromActiveContext, parseTraceparent } from "./tracing/traceparent.ts";
export {
  DEFAULT_TRACING_OPTIONS,
  type TracingStats,
  type TracingSubscriberOptions,
} from "./tracing/options.ts";
export { TracingSubscriber } from "./tracing/tracing_subscriber.ts";
export { consoleSink } from "./logging/console_sink.ts";
export { fileSink } from "./logging/file_sink.ts";
export { type JsonLinesOptions, jsonLinesSink } from "./logging/json_lines.ts";
export {
  type LogAttributes,
  type LogRecord,
  type LogSink,
  type LogValue,
  SUPPRESSED_EVENT_TYPE,
} from "./logging/log_record.ts";
export { MAX_LOG_DEPTH, MAX_LOG_VALUES } from "./logging/log_values.ts";
export { LoggingSubscriber } from "./logging/logging_subscriber.ts";
export {
  DEFAULT_LOGGING_OPTIONS,
  type LoggingStats,
  type LoggingSubscriberOptions,
} from "./logging/options.ts";
export { otelLogSink } from "./logging/otel_logs.ts";
export type { SinkStats } from "./logging/sink_runner.ts";
export { REDACTED } from "./logging/redaction.ts";
export {
  type ObservedSubscribers,
  observeSubscribers,
} from "./self_metrics/observe_subscribers.ts";
export {
  type CatalogLimits,
  type CatalogSubscription,
  subscribeCatalog,
  type SubscribeCatalogOptions,
} from "./subscribe_catalog.ts";
