import type { Optional } from "../../internal/with_defaults.ts";
import type { AttributeValue } from "../../catalog/attributes.ts";
import type { TemporalityPreference } from "../../otel/delta/delta_metric_exporter.ts";
import type { OtlpTargetOptions } from "../../otel/otlp/create_otlp_exporters.ts";
import type { OtlpSettings } from "../../otel/otlp/otlp_target.ts";
import type {
  AttributeLimitsConfig,
  BatchConfig,
  BusConfig,
  ConsoleConfig,
  ExemplarFilter,
  PrometheusConfig,
  SamplerConfig,
  SpanLimitsConfig,
} from "./config.ts";

/**
 * The settings of {@linkcode ObservabilityConfig}, all optional. Flags and environment variables
 * are read into the same form.
 */
export interface ObservabilityOptions {
  /** Whether observability is enabled; if not, the bus is disabled. */
  readonly enabled?: boolean | undefined;
  /** The resource's `service.name`. */
  readonly serviceName?: string | undefined;
  /** The resource's `service.instance.id`. */
  readonly serviceInstanceId?: string | undefined;
  /** Further attributes of the resource; merged with those from flags and environment variables. */
  readonly resourceAttributes?: Readonly<Record<string, AttributeValue>> | undefined;
  /** What the resource says of host, system and process. */
  readonly resourceDetectors?: readonly ("host" | "os" | "process")[] | undefined;
  /** The event bus. */
  readonly bus?: Optional<BusConfig> | undefined;
  /** Whether events become metrics. */
  readonly metricsEnabled?: boolean | undefined;
  /** Whether what the runtime tells of itself is among the metrics. */
  readonly runtimeMetrics?: boolean | undefined;
  /** Whether events become log records. */
  readonly loggingEnabled?: boolean | undefined;
  /** Whether events become spans. */
  readonly tracingEnabled?: boolean | undefined;
  /** Where telemetry is pushed to. */
  readonly otlp?: OtlpOptions | undefined;
  /** Which signals are written to the console. */
  readonly console?: Optional<ConsoleConfig> | undefined;
  /** Where metrics are served for Prometheus. */
  readonly prometheus?: Optional<PrometheusConfig> | undefined;
  /**
   * How long instruments and producers may take to return their metrics at a scrape, in
   * milliseconds.
   */
  readonly collectTimeoutMs?: number | undefined;
  /** How often metrics are pushed, in milliseconds. */
  readonly metricExportIntervalMs?: number | undefined;
  /** How long one push of metrics may take, in milliseconds. */
  readonly metricExportTimeoutMs?: number | undefined;
  /** Which traces are recorded. */
  readonly sampler?: Optional<SamplerConfig> | undefined;
  /** How spans are batched for the push. */
  readonly spanBatch?: Optional<BatchConfig> | undefined;
  /** How log records are batched for the push. */
  readonly logBatch?: Optional<BatchConfig> | undefined;
  /** Limits on spans. */
  readonly spanLimits?: Optional<SpanLimitsConfig> | undefined;
  /** Limits on pushed log records. */
  readonly logRecordLimits?: Optional<AttributeLimitsConfig> | undefined;
  /** Which values of histograms become exemplars. */
  readonly exemplarFilter?: ExemplarFilter | undefined;
  /** Whether the runtime's own OpenTelemetry is used. */
  readonly runtimeTelemetry?: boolean | undefined;
}

/** Where telemetry is pushed to, for all signals and for each. */
export interface OtlpOptions extends Optional<OtlpSettings> {
  /** The base URL: `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended. */
  readonly endpoint?: string | undefined;
  /** Overrides for spans. */
  readonly traces?: OtlpSignalOptions | undefined;
  /** Overrides for metrics. */
  readonly metrics?: OtlpMetricsOptions | undefined;
  /** Overrides for log records. */
  readonly logs?: OtlpSignalOptions | undefined;
}

/** Overrides for one signal. Headers are added to the general ones. */
export interface OtlpSignalOptions extends OtlpTargetOptions {
  /**
   * Whether it is pushed. Default: `true` if there is an endpoint. `true` without an endpoint is an
   * error if the signal is enabled.
   */
  readonly enabled?: boolean | undefined;
}

/** How metrics are pushed, as far as it differs. */
export interface OtlpMetricsOptions extends OtlpSignalOptions {
  /** Whether sums and histograms are pushed as totals or as deltas. Default: `"cumulative"`. */
  readonly temporalityPreference?: TemporalityPreference | undefined;
  /** The maximum number of data points in one request. Default: no limit. */
  readonly maxExportBatchSize?: number | undefined;
}
