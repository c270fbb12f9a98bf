import type { AttributeValue } from "../../catalog/attributes.ts";
import type { TemporalityPreference } from "../../otel/delta/delta_metric_exporter.ts";
import type { OtlpSettings } from "../../otel/otlp/otlp_target.ts";
import type {
  AttributeLimitsConfig,
  BatchConfig,
  BusConfig,
  ExemplarFilter,
  PrometheusConfig,
  SamplerConfig,
  SpanLimitsConfig,
} from "./config.ts";

/**
 * The settings of {@linkcode ObservabilityConfig}, all optional. Flags and environment variables are
 * read into the same form.
 */
export interface ObservabilityOptions {
  /** Whether observability is enabled; if not, the bus is disabled. */
  readonly enabled?: boolean;
  /** The resource's `service.name`. */
  readonly serviceName?: string;
  /** The resource's `service.instance.id`. */
  readonly serviceInstanceId?: string;
  /** Further attributes of the resource; merged with those from flags and environment variables. */
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
  /** Where metrics are served for Prometheus. */
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
  /** Limits on spans. */
  readonly spanLimits?: Partial<SpanLimitsConfig>;
  /** Limits on pushed log records. */
  readonly logRecordLimits?: Partial<AttributeLimitsConfig>;
  /** Which values of histograms become exemplars. */
  readonly exemplarFilter?: ExemplarFilter;
  /** Whether the runtime's own OpenTelemetry is used. */
  readonly runtimeTelemetry?: boolean;
}

/** Where telemetry is pushed to, for all signals and for each. */
export interface OtlpOptions extends Partial<OtlpSettings> {
  /** The base URL: `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended. */
  readonly endpoint?: string;
  /** Overrides for spans. */
  readonly traces?: OtlpSignalOptions;
  /** Overrides for metrics. */
  readonly metrics?: OtlpMetricsOptions;
  /** Overrides for log records. */
  readonly logs?: OtlpSignalOptions;
}

/** Overrides for one signal. Headers are added to the general ones. */
export interface OtlpSignalOptions extends Partial<OtlpSettings> {
  /**
   * Whether it is pushed. Default: `true` if there is an endpoint. `true` without an endpoint is an
   * error if the signal is enabled.
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
