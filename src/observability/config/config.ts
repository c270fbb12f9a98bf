import { DEFAULT_EXPORT_QUEUE_OPTIONS } from "../../batching/options.ts";
import { DEFAULT_EVENT_BUS_OPTIONS, type OverflowPolicy } from "../../bus/options.ts";
import type { AttributeValue } from "../../catalog/attributes.ts";
import { DEFAULT_COLLECT_TIMEOUT_MS } from "../../otel/prometheus/prometheus_metrics.ts";
import type { ScopeLabels } from "../../otel/prometheus/scope_labels.ts";
import { DEFAULT_METRICS_ADDRESS } from "../../http/serve_metrics.ts";
import type { TemporalityPreference } from "../../otel/delta/delta_metric_exporter.ts";
import { DEFAULT_SERVICE_NAME } from "../../otel/defaults.ts";
import { DEFAULT_SPAN_LIMITS } from "../../otel/tracing/bus_tracer.ts";
import {
  DEFAULT_OTLP_SETTINGS,
  type OtlpSettings,
  type OtlpTarget,
} from "../../otel/otlp/otlp_target.ts";

/** The complete configuration of observability: plain data, nothing optional. */
export interface ObservabilityConfig {
  /** Whether observability is enabled; if not, the bus is disabled. Default: `true`. */
  readonly enabled: boolean;
  /** The resource's `service.name`. Default: `"unknown_service"`. */
  readonly serviceName: string;
  /** The resource's `service.instance.id`. Default: a random UUID. */
  readonly serviceInstanceId: string;
  /** Further attributes of the resource, without the two above. Default: none. */
  readonly resourceAttributes: Readonly<Record<string, AttributeValue>>;
  /**
   * What the resource says besides: `host` (`host.name`, `host.arch`), `os` (`os.type`, `os.version`),
   * `process` (`process.pid`, `process.runtime.*`), as far as the runtime's permissions allow. The names
   * of the SDK (`telemetry.sdk.*`) are always there. Default: nothing.
   */
  readonly resourceDetectors: readonly ("host" | "os" | "process")[];
  /** The event bus. */
  readonly bus: BusConfig;
  /** Whether events become metrics. Default: `true`. */
  readonly metricsEnabled: boolean;
  /**
   * Whether what the runtime tells of itself (event loop, heap, CPU, memory) is among the metrics;
   * see `observeRuntime`. Default: `true`.
   */
  readonly runtimeMetrics: boolean;
  /** Whether events become log records. Default: `true`. */
  readonly loggingEnabled: boolean;
  /** Whether events become spans; needs an OTLP endpoint, or the console. Default: `false`. */
  readonly tracingEnabled: boolean;
  /** Where telemetry is pushed to. */
  readonly otlp: OtlpConfig;
  /** Which signals are written to the console, for people to read. */
  readonly console: ConsoleConfig;
  /** Where metrics are served for Prometheus. */
  readonly prometheus: PrometheusConfig;
  /**
   * How long instruments and producers may take to return their metrics at a scrape, in
   * milliseconds; then the scrape fails. Default: 10,000.
   */
  readonly collectTimeoutMs: number;
  /** How often metrics are pushed, in milliseconds. Default: 60,000. */
  readonly metricExportIntervalMs: number;
  /**
   * How long one push of metrics may take, in milliseconds. Default: 30,000, at most the interval.
   */
  readonly metricExportTimeoutMs: number;
  /** Which traces are recorded. */
  readonly sampler: SamplerConfig;
  /** How spans are batched for the push. */
  readonly spanBatch: BatchConfig;
  /** How log records are batched for the push. */
  readonly logBatch: BatchConfig;
  /** Limits on spans; what exceeds them is truncated or omitted. */
  readonly spanLimits: SpanLimitsConfig;
  /** Limits on pushed log records; what exceeds them is truncated or omitted. */
  readonly logRecordLimits: AttributeLimitsConfig;
  /**
   * Which values of histograms become exemplars: those of sampled traces, or none. Default:
   * `"trace_based"`.
   */
  readonly exemplarFilter: ExemplarFilter;
  /**
   * Whether the runtime's own OpenTelemetry is used (`OTEL_DENO=true`), which then has the
   * providers and does the exporting. Default: as the environment says, else `false`.
   */
  readonly runtimeTelemetry: boolean;
}

/** The configuration of the event bus; see `EventBusOptions`. */
export interface BusConfig {
  /** How many events may wait: an integer from 1 to 2^24. Default: 10,000. */
  readonly maxQueueSize: number;
  /** What happens to an event published when the queue is full. Default: `"drop-newest"`. */
  readonly overflow: OverflowPolicy;
  /** How long the bus may hold one turn of the event loop, in milliseconds. Default: 4. */
  readonly drainBudgetMs: number;
  /**
   * How many calls of one async handler may be pending: an integer from 1 to 2^24. Default: 1,000.
   */
  readonly maxInFlight: number;
}

/** Where and how metrics are pushed. */
export interface OtlpMetricsTarget extends OtlpTarget {
  /**
   * Whether sums and histograms are pushed as totals or as deltas; see `DeltaMetricExporter`.
   * Scrapes are always cumulative. Default: `"cumulative"`.
   */
  readonly temporalityPreference: TemporalityPreference;
  /**
   * The maximum number of data points in one request; more of them go out in several. `undefined` for
   * no limit. Default: `undefined`.
   */
  readonly maxExportBatchSize: number | undefined;
}

/** Where telemetry is pushed to. The targets of the individual signals are what is used. */
export interface OtlpConfig extends OtlpSettings {
  /** The base URL of all signals, `undefined` if there is none. Default: none. */
  readonly endpoint: string | undefined;
  /** Where spans are pushed to; `undefined` if they are not. */
  readonly traces: OtlpTarget | undefined;
  /** Where metrics are pushed to; `undefined` if they are not. */
  readonly metrics: OtlpMetricsTarget | undefined;
  /** Where log records are pushed to; `undefined` if they are not. */
  readonly logs: OtlpTarget | undefined;
}

/** Which signals are written to the console, besides where else they go. */
export interface ConsoleConfig {
  /** Whether spans are, by OpenTelemetry's `ConsoleSpanExporter`. Default: `false`. */
  readonly traces: boolean;
  /** Whether metrics are, as often as they are pushed, by `ConsoleMetricExporter`. Default: `false`. */
  readonly metrics: boolean;
  /**
   * Whether log records are, as JSON lines to the standard output, also where they are pushed.
   * Default: `false`.
   */
  readonly logs: boolean;
}

/** Where metrics are served for Prometheus. */
export interface PrometheusConfig {
  /**
   * Whether they are served. Default: `true` if metrics are enabled and neither pushed nor written to
   * the console, or if a hostname or a port is set. Always `false` if metrics are disabled.
   */
  readonly enabled: boolean;
  /** The address to listen on. Default: `"127.0.0.1"`. */
  readonly hostname: string;
  /** The port to listen on, 0 for any. Default: 9464. */
  readonly port: number;
  /**
   * On which series the labels of their instrumentation scope stand (`otel_scope_name` and others):
   * those of other scopes than Busbar's own (`"others"`), or `"all"`. Default: `"others"`.
   */
  readonly scopeLabels: ScopeLabels;
}

/** OpenTelemetry's samplers. */
export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

/** Which traces are recorded. */
export interface SamplerConfig {
  /** Default: `"parentbased_always_on"`, and `"parentbased_traceidratio"` if a ratio is given. */
  readonly name: SamplerName;
  /** The share of traces that a `…traceidratio` sampler records, 0 to 1. Default: 1. */
  readonly ratio: number;
}

/** How a signal is batched; the defaults are OpenTelemetry's, except for the queue's size. */
export interface BatchConfig {
  /**
   * How long a batch may wait, in milliseconds. Default: 5,000 for spans, 1,000 for log records.
   */
  readonly scheduleDelayMs: number;
  /**
   * How many may wait; further ones are dropped and counted. Default: 20,000, or as many as the
   * bus's queue holds if that is more: a drain hands them on in one burst.
   */
  readonly maxQueueSize: number;
  /** How many are exported at once, at most `maxQueueSize`. Default: 512. */
  readonly maxExportBatchSize: number;
  /** How long one export may take, in milliseconds. Default: 30,000. */
  readonly exportTimeoutMs: number;
}

/** Limits on attributes; the defaults are OpenTelemetry's. */
export interface AttributeLimitsConfig {
  /** The maximum number of attributes. Default: 128. */
  readonly attributeCountLimit: number;
  /**
   * The maximum length of a string, in characters; `undefined` for no limit. Default: `undefined`.
   */
  readonly attributeValueLengthLimit: number | undefined;
}

/** Limits on spans; the defaults are OpenTelemetry's. */
export interface SpanLimitsConfig extends AttributeLimitsConfig {
  /** The maximum number of events. Default: 128. */
  readonly eventCountLimit: number;
  /** The maximum number of links. Default: 128. */
  readonly linkCountLimit: number;
  /** The maximum number of attributes per event. Default: 128. */
  readonly attributePerEventCountLimit: number;
  /** The maximum number of attributes per link. Default: 128. */
  readonly attributePerLinkCountLimit: number;
}

/** OpenTelemetry's exemplar filters, except `always_on`: an exemplar needs a trace to refer to. */
export type ExemplarFilter = "trace_based" | "always_off";

/** What the SDK's tracer takes for no limit is none here. */
const SPAN_LIMITS: SpanLimitsConfig = {
  ...DEFAULT_SPAN_LIMITS,
  attributeValueLengthLimit: undefined,
};

/** The defaults of {@linkcode ObservabilityConfig}; the instance id is generated each time. */
export const DEFAULT_OBSERVABILITY_CONFIG: Omit<ObservabilityConfig, "serviceInstanceId"> =
  deepFreeze({
    enabled: true,
    serviceName: DEFAULT_SERVICE_NAME,
    resourceAttributes: {},
    resourceDetectors: [],
    bus: {
      maxQueueSize: DEFAULT_EVENT_BUS_OPTIONS.maxQueueSize,
      overflow: DEFAULT_EVENT_BUS_OPTIONS.overflow,
      drainBudgetMs: DEFAULT_EVENT_BUS_OPTIONS.drainBudgetMs,
      maxInFlight: DEFAULT_EVENT_BUS_OPTIONS.maxInFlight,
    },
    metricsEnabled: true,
    runtimeMetrics: true,
    loggingEnabled: true,
    tracingEnabled: false,
    otlp: {
      ...DEFAULT_OTLP_SETTINGS,
      endpoint: undefined,
      traces: undefined,
      metrics: undefined,
      logs: undefined,
    },
    console: { traces: false, metrics: false, logs: false },
    prometheus: { enabled: true, ...DEFAULT_METRICS_ADDRESS, scopeLabels: "others" },
    collectTimeoutMs: DEFAULT_COLLECT_TIMEOUT_MS,
    metricExportIntervalMs: 60_000,
    metricExportTimeoutMs: 30_000,
    sampler: { name: "parentbased_always_on", ratio: 1 },
    spanBatch: { ...DEFAULT_EXPORT_QUEUE_OPTIONS },
    logBatch: { ...DEFAULT_EXPORT_QUEUE_OPTIONS, scheduleDelayMs: 1_000 },
    spanLimits: SPAN_LIMITS,
    logRecordLimits: {
      attributeCountLimit: SPAN_LIMITS.attributeCountLimit,
      attributeValueLengthLimit: undefined,
    },
    exemplarFilter: "trace_based",
    runtimeTelemetry: false,
  });

function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
