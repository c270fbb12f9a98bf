import type { AttributeValue } from "../../catalog/attributes.ts";
import type { TemporalityPreference } from "../../otel/export/delta_metric_exporter.ts";
import type {
  AttributeLimitsConfig,
  BatchConfig,
  BusConfig,
  ExemplarFilter,
  OtlpTransport,
  PrometheusConfig,
  SamplerConfig,
  SpanLimitsConfig,
} from "./config.ts";

/**
 * What a user says of {@linkcode ObservabilityConfig}: all of it optional. The flags and the
 * environment are read into the same form.
 */
export interface ObservabilityOptions {
  /** Whether there is any observability at all. */
  readonly enabled?: boolean;
  /** The resource's `service.name`. */
  readonly serviceName?: string;
  /** The resource's `service.instance.id`. */
  readonly serviceInstanceId?: string;
  /** Further attributes of the resource; those of other sources are kept where names differ. */
  readonly resourceAttributes?: Readonly<Record<string, AttributeValue>>;
  /** The event bus. */
  readonly bus?: Partial<BusConfig>;
  /** Whether events become metrics. */
  readonly metricsEnabled?: boolean;
  /** Whether events become log records. */
  readonly loggingEnabled?: boolean;
  /** Whether events become spans. */
  readonly tracingEnabled?: boolean;
  /** Where telemetry is pushed to. */
  readonly otlp?: OtlpOptions;
  /** Where metrics are pulled from. */
  readonly prometheus?: Partial<PrometheusConfig>;
  /** How often metrics are pushed, in milliseconds. */
  readonly metricExportIntervalMs?: number;
  /** How long one push of metrics may take, in milliseconds. */
  readonly metricExportTimeoutMs?: number;
  /** Which traces are recorded. */
  readonly sampler?: Partial<SamplerConfig>;
  /** How spans are batched for the push. */
  readonly spanBatch?: Partial<BatchConfig>;
  /** How log records are batched for the push. */
  readonly logBatch?: Partial<BatchConfig>;
  /** What a span may hold. */
  readonly spanLimits?: Partial<SpanLimitsConfig>;
  /** What a pushed log record may hold. */
  readonly logRecordLimits?: Partial<AttributeLimitsConfig>;
  /** Which values of histograms become exemplars. */
  readonly exemplarFilter?: ExemplarFilter;
  /** Whether the runtime's own OpenTelemetry is in force. */
  readonly runtimeTelemetry?: boolean;
}

/** Where telemetry is pushed to, for all signals and for each. */
export interface OtlpOptions extends Partial<OtlpTransport> {
  /** The base URL: `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended. */
  readonly endpoint?: string;
  /** What is different for spans. */
  readonly traces?: OtlpSignalOptions;
  /** What is different for metrics. */
  readonly metrics?: OtlpMetricsOptions;
  /** What is different for log records. */
  readonly logs?: OtlpSignalOptions;
}

/** How one signal is pushed, as far as it differs. Headers are added to the general ones. */
export interface OtlpSignalOptions extends Partial<OtlpTransport> {
  /**
   * Whether it is pushed. Default: if there is an endpoint. `true` without one is an error where
   * the signal is on.
   */
  readonly enabled?: boolean;
  /** The complete URL; nothing is appended. */
  readonly endpoint?: string;
}

/** How metrics are pushed, as far as it differs. */
export interface OtlpMetricsOptions extends OtlpSignalOptions {
  /** Whether sums and histograms are pushed as totals or as deltas. Default: `"cumulative"`. */
  readonly temporalityPreference?: TemporalityPreference;
}
