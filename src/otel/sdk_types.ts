import type * as sdkLogs from "@opentelemetry/sdk-logs";
import type * as sdkMetrics from "@opentelemetry/sdk-metrics";
import type * as sdkTrace from "@opentelemetry/sdk-trace";

/** A span that has ended, as the OpenTelemetry SDK hands it to processors and exporters. */
export type ReadableSpan = sdkTrace.ReadableSpan;
/** Takes the spans of a `TracerProvider`. */
export type SpanProcessor = sdkTrace.SpanProcessor;
/** Takes batches of ended spans. */
export type SpanExporter = sdkTrace.SpanExporter;
/** Says which spans are recorded. */
export type Sampler = sdkTrace.Sampler;
/** How much a span may hold. */
export type SpanLimits = sdkTrace.SpanLimits;
/** A log record, as the OpenTelemetry SDK hands it to processors and exporters. */
export type ReadableLogRecord = sdkLogs.ReadableLogRecord;
/** Takes the log records of a `LoggerProvider`. */
export type LogRecordProcessor = sdkLogs.LogRecordProcessor;
/** Takes batches of log records. */
export type LogRecordExporter = sdkLogs.LogRecordExporter;
/** Takes the metrics that a periodic reader collects. */
export type PushMetricExporter = sdkMetrics.PushMetricExporter;
/** What one collection gives. */
export type ResourceMetrics = sdkMetrics.ResourceMetrics;
/** Whether sums are cumulative or deltas. */
export type AggregationTemporality = sdkMetrics.AggregationTemporality;
/** A source of metrics of the OpenTelemetry SDK, collected at each scrape. */
export type MetricProducer = sdkMetrics.MetricProducer;
/** A reader of the OpenTelemetry SDK: it collects metrics, to push them or to be scraped. */
export type MetricReader = sdkMetrics.IMetricReader;
