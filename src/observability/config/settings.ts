import { MAX_QUEUE_SIZE_LIMIT, type OverflowPolicy } from "../../bus/options.ts";
import { MAX_DELAY_MS } from "../../internal/timers.ts";
import { TEMPORALITY_PREFERENCES } from "../../otel/delta/delta_metric_exporter.ts";
import { SCOPE_LABELS } from "../../otel/prometheus/scope_labels.ts";
import type { ExemplarFilter } from "./config.ts";
import {
  ATTRIBUTES,
  BOOLEAN,
  ENDPOINT,
  HEADERS,
  HOST,
  integer,
  listOf,
  number,
  oneOf,
  type Rule,
  TEXT,
} from "./rules.ts";

/** One setting: what its value must be, and what else it is set by. */
export interface Setting {
  readonly rule: Rule;
  /** The flag that sets it. */
  readonly flag?: string;
  /** The variable of the environment that sets it. */
  readonly env?: string;
  /** Whether its variable's text is the value; if not, `env.ts` knows what it means. */
  readonly envIsValue?: boolean;
}

/** The signals, with what their variables and paths are called. */
export const SIGNALS = ["traces", "metrics", "logs"] as const;

/** The samplers that have a ratio. */
export const RATIO_SAMPLERS: readonly string[] = ["traceidratio", "parentbased_traceidratio"];

const DURATION = integer(1, MAX_DELAY_MS);
const COUNT = integer(1, Number.MAX_SAFE_INTEGER);
const BUS_COUNT = integer(1, MAX_QUEUE_SIZE_LIMIT);

const variable = (rule: Rule, env: string): Setting => ({ rule, env, envIsValue: true });

/** How telemetry is pushed, of all signals or of one. */
function transport(path: string, infix: string): Record<string, Setting> {
  const prefix = `OTEL_EXPORTER_OTLP_${infix}`;
  return {
    [`${path}.endpoint`]: variable(ENDPOINT, `${prefix}ENDPOINT`),
    [`${path}.protocol`]: variable(oneOf(["http/protobuf", "http/json"]), `${prefix}PROTOCOL`),
    [`${path}.headers`]: variable(HEADERS, `${prefix}HEADERS`),
    [`${path}.timeoutMs`]: variable(DURATION, `${prefix}TIMEOUT`),
    [`${path}.compression`]: variable(oneOf(["none", "gzip"]), `${prefix}COMPRESSION`),
  };
}

function batch(path: string, prefix: string): Record<string, Setting> {
  return {
    [`${path}.scheduleDelayMs`]: variable(integer(0, MAX_DELAY_MS), `${prefix}_SCHEDULE_DELAY`),
    [`${path}.maxQueueSize`]: variable(COUNT, `${prefix}_MAX_QUEUE_SIZE`),
    [`${path}.maxExportBatchSize`]: variable(COUNT, `${prefix}_MAX_EXPORT_BATCH_SIZE`),
    [`${path}.exportTimeoutMs`]: variable(DURATION, `${prefix}_EXPORT_TIMEOUT`),
  };
}

const LIMIT = integer(0, Number.MAX_SAFE_INTEGER);

/** The general limits, of spans and of log records, as far as those have none of their own. */
export const GENERAL_LIMITS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ["OTEL_ATTRIBUTE_COUNT_LIMIT", "attributeCountLimit"],
    ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "attributeValueLengthLimit"],
  ].map(([env, name]) => [env as string, [`spanLimits.${name}`, `logRecordLimits.${name}`]]),
);

function attributeLimits(path: string, prefix: string): Record<string, Setting> {
  return {
    [`${path}.attributeCountLimit`]: variable(LIMIT, `${prefix}_ATTRIBUTE_COUNT_LIMIT`),
    [`${path}.attributeValueLengthLimit`]: variable(
      LIMIT,
      `${prefix}_ATTRIBUTE_VALUE_LENGTH_LIMIT`,
    ),
  };
}

const EXEMPLAR_FILTERS: readonly ExemplarFilter[] = ["trace_based", "always_off"];
const OVERFLOW_POLICIES: readonly OverflowPolicy[] = ["drop-newest", "drop-oldest", "inline"];

/** Every setting by its path in the options. */
export const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>(Object.entries({
  "enabled": { rule: BOOLEAN, flag: "--disable-observability", env: "OTEL_SDK_DISABLED" },
  "serviceName": variable(TEXT, "OTEL_SERVICE_NAME"),
  "serviceInstanceId": { rule: TEXT, flag: "--service-instance-id" },
  "resourceAttributes": variable(ATTRIBUTES, "OTEL_RESOURCE_ATTRIBUTES"),
  "resourceDetectors": { rule: listOf(["host", "os", "process"]) },
  "bus.maxQueueSize": { rule: BUS_COUNT, flag: "--event-bus-queue-size" },
  "bus.overflow": { rule: oneOf(OVERFLOW_POLICIES) },
  "bus.drainBudgetMs": { rule: number("a number above 0", (value) => value > 0) },
  "bus.maxInFlight": { rule: BUS_COUNT },
  "metricsEnabled": { rule: BOOLEAN, flag: "--disable-metrics", env: "OTEL_METRICS_EXPORTER" },
  "runtimeMetrics": { rule: BOOLEAN },
  "loggingEnabled": { rule: BOOLEAN, flag: "--disable-logging" },
  "tracingEnabled": { rule: BOOLEAN, flag: "--enable-tracing", env: "OTEL_TRACES_EXPORTER" },
  ...transport("otlp", ""),
  "otlp.endpoint": {
    ...variable(ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    flag: "--otlp-endpoint",
  },
  ...Object.fromEntries(SIGNALS.flatMap((signal) => [
    [`otlp.${signal}.enabled`, { rule: BOOLEAN, env: `OTEL_${signal.toUpperCase()}_EXPORTER` }],
    ...Object.entries(transport(`otlp.${signal}`, `${signal.toUpperCase()}_`)),
  ])),
  "otlp.metrics.temporalityPreference": variable(
    oneOf(TEMPORALITY_PREFERENCES),
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
  ),
  "otlp.metrics.maxExportBatchSize": { rule: COUNT },
  ...Object.fromEntries(SIGNALS.map((signal) => [
    `console.${signal}`,
    { rule: BOOLEAN, env: `OTEL_${signal.toUpperCase()}_EXPORTER` },
  ])),
  "prometheus.enabled": { rule: BOOLEAN, env: "OTEL_METRICS_EXPORTER" },
  "prometheus.hostname": variable(HOST, "OTEL_EXPORTER_PROMETHEUS_HOST"),
  "prometheus.port": {
    ...variable(integer(0, 65_535), "OTEL_EXPORTER_PROMETHEUS_PORT"),
    flag: "--prometheus-port",
  },
  "prometheus.scopeLabels": { rule: oneOf(SCOPE_LABELS) },
  "collectTimeoutMs": { rule: DURATION },
  "metricExportIntervalMs": variable(DURATION, "OTEL_METRIC_EXPORT_INTERVAL"),
  "metricExportTimeoutMs": variable(DURATION, "OTEL_METRIC_EXPORT_TIMEOUT"),
  "sampler.name": variable(
    oneOf([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ]),
    "OTEL_TRACES_SAMPLER",
  ),
  "sampler.ratio": {
    rule: number("a number from 0 to 1", (value) => value >= 0 && value <= 1),
    env: "OTEL_TRACES_SAMPLER_ARG",
  },
  ...batch("spanBatch", "OTEL_BSP"),
  ...batch("logBatch", "OTEL_BLRP"),
  ...attributeLimits("spanLimits", "OTEL_SPAN"),
  "spanLimits.eventCountLimit": variable(LIMIT, "OTEL_SPAN_EVENT_COUNT_LIMIT"),
  "spanLimits.linkCountLimit": variable(LIMIT, "OTEL_SPAN_LINK_COUNT_LIMIT"),
  "spanLimits.attributePerEventCountLimit": variable(LIMIT, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
  "spanLimits.attributePerLinkCountLimit": variable(LIMIT, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"),
  ...attributeLimits("logRecordLimits", "OTEL_LOGRECORD"),
  "exemplarFilter": variable(oneOf(EXEMPLAR_FILTERS), "OTEL_METRICS_EXEMPLAR_FILTER"),
  "runtimeTelemetry": { rule: BOOLEAN, env: "OTEL_DENO" },
}));

/** A setting that must be there. */
export function settingOf(path: string): Setting {
  const setting = SETTINGS.get(path);
  if (setting === undefined) throw new RangeError(`Cannot find the setting ${path}`);
  return setting;
}

/** Values by path, as the nested object that options are. */
export function nest(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const names = path.split(".");
    const last = names.pop() as string;
    let object = root;
    for (const name of names) object = (object[name] ??= {}) as Record<string, unknown>;
    object[last] = value;
  }
  return root;
}
