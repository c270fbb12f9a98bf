import {
  type BatchConfig,
  DEFAULT_OBSERVABILITY_CONFIG,
  type ObservabilityConfig,
  type OtlpConfig,
  type SamplerConfig,
} from "./config.ts";
import type { TemporalityPreference } from "../../otel/delta/delta_metric_exporter.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { find, Layer } from "./layers.ts";
import type { ObservabilityOptions } from "./options.ts";
import { assertTarget, mergedHeaders, otlpTarget } from "./otlp_target.ts";
import { RATIO_SAMPLERS } from "./settings.ts";

/** The sources of a configuration; each may be missing. */
export interface ObservabilitySources {
  /** The program's options, which take precedence. */
  readonly options?: ObservabilityOptions | undefined;
  /** What `parseObservabilityArgs` returned; second in precedence. */
  readonly flags?: ObservabilityOptions | undefined;
  /** What `readObservabilityEnv` returned; third in precedence. */
  readonly env?: ObservabilityOptions | undefined;
}

/**
 * Builds the complete configuration. Each setting comes from the first of these that has it: the
 * options, the flags, the environment, {@linkcode DEFAULT_OBSERVABILITY_CONFIG}. Resource
 * attributes and headers are merged by name, with the same precedence. It reads nothing itself.
 *
 * Defaults are adjusted to explicit settings: a default batch size to a smaller queue, the default
 * export timeout to a shorter interval. So is what the environment says, and what does not fit to it.
 *
 * @example
 * ```ts
 * import {
 *   parseObservabilityArgs,
 *   readObservabilityEnv,
 *   resolveObservabilityConfig,
 * } from "@busbar/busbar/observability";
 *
 * const { config: flags } = parseObservabilityArgs(["--otlp-endpoint", "http://127.0.0.1:4318"]);
 * const variables = { OTEL_SERVICE_NAME: "shop" } as Record<string, string>;
 * const env = readObservabilityEnv((name) => variables[name]);
 * const config = resolveObservabilityConfig({ options: { tracingEnabled: true }, flags, env });
 * if (config.serviceName !== "shop") throw new Error(config.serviceName);
 * if (config.otlp.traces?.endpoint !== "http://127.0.0.1:4318/v1/traces") throw new Error("no target");
 * ```
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 * @throws {RangeError} if a number of the options is out of range
 * @throws {ConfigurationError} if the value of a flag or a variable is invalid, or if two
 * settings contradict each other; the message names both
 */
export function resolveObservabilityConfig(
  sources: ObservabilitySources = {},
): ObservabilityConfig {
  return resolveSources(sources, []);
}

/** The same, for options beside which there are others. */
export function resolveSources(
  sources: ObservabilitySources,
  otherNames: readonly string[],
): ObservabilityConfig {
  const layers = (["options", "flags", "env"] as const)
    .map((kind) => new Layer(kind, sources[kind] ?? {}, otherNames));
  const defaults = DEFAULT_OBSERVABILITY_CONFIG;
  const setting = <Name extends keyof typeof defaults>(name: Name) =>
    read(layers, name, defaults[name]);
  const group = <Name extends keyof typeof defaults>(name: Name) =>
    readGroup(layers, name, defaults[name] as object) as (typeof defaults)[Name];
  const otlp = resolveOtlp(layers);
  const config: ObservabilityConfig = {
    enabled: setting("enabled"),
    serviceName: setting("serviceName"),
    serviceInstanceId: read<string | undefined>(layers, "serviceInstanceId", undefined) ??
      crypto.randomUUID(),
    resourceAttributes: Object.assign(
      {},
      ...layers.toReversed().map((layer) => layer.get("resourceAttributes")),
    ),
    resourceDetectors: setting("resourceDetectors"),
    bus: group("bus"),
    metricsEnabled: setting("metricsEnabled"),
    runtimeMetrics: setting("runtimeMetrics"),
    loggingEnabled: setting("loggingEnabled"),
    tracingEnabled: setting("tracingEnabled"),
    otlp,
    console: group("console"),
    prometheus: { ...group("prometheus"), enabled: isPulled(layers, otlp.metrics !== undefined) },
    collectTimeoutMs: setting("collectTimeoutMs"),
    metricExportIntervalMs: setting("metricExportIntervalMs"),
    metricExportTimeoutMs: setting("metricExportTimeoutMs"),
    sampler: resolveSampler(layers, group("sampler")),
    spanBatch: fitBatch(layers, "spanBatch", group("spanBatch")),
    logBatch: fitBatch(layers, "logBatch", group("logBatch")),
    spanLimits: group("spanLimits"),
    logRecordLimits: group("logRecordLimits"),
    exemplarFilter: setting("exemplarFilter"),
    runtimeTelemetry: setting("runtimeTelemetry"),
  };
  assertTargets(layers, config);
  return {
    ...config,
    metricExportTimeoutMs: atMost(
      layers,
      ["metricExportTimeoutMs", config.metricExportTimeoutMs],
      ["metricExportIntervalMs", config.metricExportIntervalMs],
    ),
  };
}

function read<Value>(layers: readonly Layer[], path: string, byDefault: Value): Value {
  const found = find(layers, path);
  return found === undefined ? byDefault : found.value as Value;
}

/** The settings of a group, by the names that its defaults have. */
function readGroup<Group extends object>(
  layers: readonly Layer[],
  path: string,
  byDefault: Group,
): Group {
  return Object.fromEntries(
    Object.entries(byDefault)
      .map(([name, value]) => [name, read(layers, `${path}.${name}`, value)]),
  ) as Group;
}

function resolveOtlp(layers: readonly Layer[]): OtlpConfig {
  const { protocol, timeoutMs, compression } = DEFAULT_OBSERVABILITY_CONFIG.otlp;
  const metrics = otlpTarget(layers, "metrics");
  const temporalityPreference = read<TemporalityPreference>(
    layers,
    "otlp.metrics.temporalityPreference",
    "cumulative",
  );
  return {
    endpoint: read<string | undefined>(layers, "otlp.endpoint", undefined),
    protocol: read(layers, "otlp.protocol", protocol),
    headers: mergedHeaders(layers, ["otlp.headers"]),
    timeoutMs: read(layers, "otlp.timeoutMs", timeoutMs),
    compression: read(layers, "otlp.compression", compression),
    traces: otlpTarget(layers, "traces"),
    metrics: metrics && {
      ...metrics,
      temporalityPreference,
      maxExportBatchSize: read(layers, "otlp.metrics.maxExportBatchSize", undefined),
    },
    logs: otlpTarget(layers, "logs"),
  };
}

/** Unless it is said: if an address is, or if the metrics have no other way out. */
function isPulled(layers: readonly Layer[], isPushed: boolean): boolean {
  const { metricsEnabled, runtimeTelemetry } = DEFAULT_OBSERVABILITY_CONFIG;
  if (!read(layers, "metricsEnabled", metricsEnabled)) return false;
  const hasAddress = ["prometheus.hostname", "prometheus.port"]
    .some((path) => find(layers, path) !== undefined);
  const hasNoOther = !isPushed && !read(layers, "console.metrics", false) &&
    !read(layers, "runtimeTelemetry", runtimeTelemetry);
  return read(layers, "prometheus.enabled", hasAddress || hasNoOther);
}

/** What must be pushed needs an endpoint, unless the runtime does the pushing. */
function assertTargets(layers: readonly Layer[], config: ObservabilityConfig): void {
  if (!config.enabled || config.runtimeTelemetry) return;
  const { otlp, tracingEnabled, metricsEnabled, loggingEnabled } = config;
  const isElsewhere = config.console.traces;
  if (tracingEnabled && !otlp.traces && !isElsewhere) {
    assertTarget(layers, "traces", "tracingEnabled");
  }
  if (metricsEnabled && !otlp.metrics) assertTarget(layers, "metrics", "otlp.metrics.enabled");
  if (loggingEnabled && !otlp.logs) assertTarget(layers, "logs", "otlp.logs.enabled");
}

function resolveSampler(layers: readonly Layer[], sampler: SamplerConfig): SamplerConfig {
  const [name, ratio] = [find(layers, "sampler.name"), find(layers, "sampler.ratio")];
  if (ratio === undefined || RATIO_SAMPLERS.includes(sampler.name)) return sampler;
  if (name === undefined) return { ...sampler, name: "parentbased_traceidratio" };
  if (name.layer !== ratio.layer) {
    // The source that comes first counts: a ratio alone is one of the default sampler's kind.
    return layers.indexOf(ratio.layer) < layers.indexOf(name.layer)
      ? { ...sampler, name: "parentbased_traceidratio" }
      : { ...sampler, ratio: 1 };
  }
  // Said in one breath it is a contradiction.
  throw new ConfigurationError(
    name.layer.nameOf("sampler.ratio"),
    `has no meaning for ${name.layer.nameOf("sampler.name")} ${JSON.stringify(sampler.name)}`,
  );
}

/** A default queue holds what the bus's queue does; a size that somebody chose is obeyed. */
function fitBatch(layers: readonly Layer[], path: string, batch: BatchConfig): BatchConfig {
  const maxQueueSize = find(layers, `${path}.maxQueueSize`) === undefined
    ? Math.max(batch.maxQueueSize, read(layers, "bus.maxQueueSize", 0))
    : batch.maxQueueSize;
  return {
    ...batch,
    maxQueueSize,
    maxExportBatchSize: atMost(
      layers,
      [`${path}.maxExportBatchSize`, batch.maxExportBatchSize],
      [`${path}.maxQueueSize`, maxQueueSize],
    ),
  };
}

/**
 * A default is made to fit; a value that somebody chose is refused, unless the environment has a part in
 * it.
 */
function atMost(
  layers: readonly Layer[],
  [path, value]: readonly [path: string, value: number],
  [limitPath, limit]: readonly [path: string, limit: number],
): number {
  if (value <= limit) return value;
  const found = find(layers, path);
  const limiting = find(layers, limitPath);
  if (found === undefined || found.layer.isEnv || limiting?.layer.isEnv) return limit;
  const limitName = limiting?.layer.nameOf(limitPath) ?? `the default ${limitPath}`;
  throw new ConfigurationError(
    found.layer.nameOf(path),
    `must be at most ${limitName}, which is ${limit}, received ${value}`,
  );
}
