import type { ObservabilityConfig } from "./config.ts";
import { type EnvReading, readEnv } from "./env.ts";
import type { EnvReader } from "./env_value.ts";
import { reasonOverridden } from "./overridden.ts";
import { readVariable } from "../../internal/read_variable.ts";
import { GENERAL_LIMITS, RATIO_SAMPLERS, SETTINGS, SIGNALS } from "./settings.ts";
import { suspiciousEndpoints } from "./suspicious_endpoints.ts";
import { UNSUPPORTED } from "./unsupported_variables.ts";

const SPANS_ARE_OFF =
  "spans are off; tracingEnabled, --enable-tracing or OTEL_TRACES_EXPORTER=otlp " +
  "turns them on";

/** OpenTelemetry's environment variables that have an effect. */
export const OBSERVABILITY_ENV_VARS: readonly string[] = Object.freeze([
  ...new Set([
    ...[...SETTINGS.values()].flatMap(({ env }) => env ?? []),
    ...GENERAL_LIMITS.keys(),
  ]),
]);

/**
 * Returns which of OpenTelemetry's environment variables are set but have no effect, and why: those
 * whose value is unknown or malformed, those that are not supported, those that need another setting,
 * and those before which another setting comes. It also points out an endpoint that is probably meant
 * to be another one. There is at most one line of each variable; `startObservability` logs them.
 * Values that may be secret are not shown. Under `OTEL_DENO=true` the runtime reads the variables, and
 * the result is empty.
 *
 * @example
 * ```ts
 * import { resolveObservabilityConfig, ineffectiveEnvVars } from "@busbar/busbar/observability";
 *
 * const config = resolveObservabilityConfig();
 * const get = (name: string) => name === "OTEL_LOG_LEVEL" ? "debug" : undefined;
 * const [line] = ineffectiveEnvVars(config, get);
 * if (!line?.startsWith("OTEL_LOG_LEVEL: has no effect: ")) throw new Error(line);
 * ```
 *
 * @param config the configuration in force
 * @param get reads a variable. Default: from the process's environment, if that needs no
 * permission prompt
 */
export function ineffectiveEnvVars(
  config: ObservabilityConfig,
  get: EnvReader = readVariable,
): readonly string[] {
  if (config.runtimeTelemetry) return [];
  const read = (name: string) => get(name)?.trim() || undefined;
  const reading = readEnv(get);
  const lines = new Map<string, string>();
  const tell = (name: string, why: string) => {
    if (!lines.has(name)) lines.set(name, `${name}: has no effect: ${why}`);
  };
  // Where nothing is wanted, only what was meant to say so is of interest.
  const problems = [...reading.problems]
    .filter(([name]) => config.enabled || name === "OTEL_SDK_DISABLED");
  for (const [name, why] of problems) tell(name, why);
  if (!config.enabled) return [...lines.values()];
  for (const [name, { why, isDefaultBehaviour }] of UNSUPPORTED) {
    const value = read(name)?.toLowerCase();
    if (value !== undefined && !isDefaultBehaviour?.(value)) tell(name, why);
  }
  if (read("OTEL_METRICS_EXEMPLAR_FILTER")?.toLowerCase() === "always_on") {
    tell("OTEL_METRICS_EXEMPLAR_FILTER", "an exemplar names a trace, so that it is trace_based");
  }
  if (
    read("OTEL_TRACES_SAMPLER_ARG") !== undefined &&
    !RATIO_SAMPLERS.includes(reading.values.get("sampler.name")?.value as string)
  ) tell("OTEL_TRACES_SAMPLER_ARG", "OTEL_TRACES_SAMPLER names no sampler with a ratio");
  for (const [name, why] of unusedExporter(config, reading, read)) tell(name, why);
  for (const [name, paths] of pathsOf(reading)) {
    const why = reasonOverridden(config, reading, paths);
    if (why !== undefined) tell(name, why);
  }
  for (const [name, hint] of suspiciousEndpoints(reading)) {
    if (!lines.has(name)) lines.set(name, `${name}: ${hint}`);
  }
  return [...lines.values()];
}

/** What each variable sets. */
function pathsOf({ values }: EnvReading): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const [path, { name }] of values) paths.set(name, [...paths.get(name) ?? [], path]);
  return paths;
}

/** What belongs to a way out that is not taken. */
function unusedExporter(
  config: ObservabilityConfig,
  reading: EnvReading,
  read: EnvReader,
): [string, string][] {
  const unused: [string, string][] = [];
  const [traces, metrics, logs] = SIGNALS.map((signal) => reasonNotPushed(signal, config));
  const nothing = traces && metrics && logs && "nothing is pushed without an OTLP endpoint";
  const prometheus = config.prometheus.enabled ? undefined : "metrics are not pulled";
  const spans = config.tracingEnabled ? config.console.traces ? undefined : traces : SPANS_ARE_OFF;
  const periodic = config.console.metrics && config.metricsEnabled ? undefined : metrics;
  // The first prefix that fits counts.
  const reasons: readonly (readonly [prefix: string, why: string | undefined])[] = [
    ["otlp.traces.", traces],
    ["otlp.metrics.", metrics],
    ["otlp.logs.", logs],
    ["otlp.", nothing],
    ["prometheus.", prometheus],
    ["metricExport", periodic],
    ["sampler.", spans],
    ["spanBatch.", spans],
    ["spanLimits.", spans],
    ["logBatch.", logs],
    ["logRecordLimits.", logs],
  ];
  const reasonOf = (path: string) => reasons.find(([prefix]) => path.startsWith(prefix))?.[1];
  for (const [path, { env, envIsValue }] of SETTINGS) {
    if (env === undefined || !envIsValue) continue;
    const why = reasonOf(path);
    if (why !== undefined && read(env) !== undefined) unused.push([env, why]);
  }
  if (spans !== undefined && read("OTEL_TRACES_SAMPLER_ARG") !== undefined) {
    unused.push(["OTEL_TRACES_SAMPLER_ARG", spans]);
  }
  for (const [env, paths] of GENERAL_LIMITS) {
    if (read(env) === undefined) continue;
    if (paths.every((path) => reasonOf(path) !== undefined)) {
      unused.push([env, "neither spans nor log records are pushed"]);
    } else if (paths.every((path) => reading.values.get(path)?.name !== env)) {
      unused.push([env, "the limits of spans and of log records come first"]);
    }
  }
  return unused;
}

function reasonNotPushed(
  signal: typeof SIGNALS[number],
  { otlp, tracingEnabled, metricsEnabled, loggingEnabled }: ObservabilityConfig,
): string | undefined {
  if (signal === "traces" && !tracingEnabled) return SPANS_ARE_OFF;
  const isOn = { traces: tracingEnabled, metrics: metricsEnabled, logs: loggingEnabled }[signal];
  if (isOn && otlp[signal] !== undefined) return undefined;
  return isOn ? `${signal} are not pushed` : `${signal} are off`;
}
