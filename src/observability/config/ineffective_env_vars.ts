import type { ObservabilityConfig } from "./config.ts";
import type { EnvReader } from "./env.ts";
import { readVariable } from "./read_variable.ts";
import { GENERAL_LIMITS, RATIO_SAMPLERS, SETTINGS, SIGNALS } from "./settings.ts";

/** A variable of OpenTelemetry's specification that is not obeyed. */
interface Unsupported {
  readonly why: string;
  /** Whether a value asks for what happens anyway. */
  readonly isDefaultBehaviour?: (value: string) => boolean;
}

/** One of OTLP's variables, for all signals and for each. */
function otlpVariables(name: string, why: string): [string, Unsupported][] {
  return ["", "TRACES_", "METRICS_", "LOGS_"].map((infix) => [
    `OTEL_EXPORTER_OTLP_${infix}${name}`,
    { why },
  ]);
}

const SPANS_ARE_OFF = "spans are off until tracingEnabled or --enable-tracing turns them on";
const NO_CLIENT_CERTIFICATE = "client certificates are not supported; put a collector in between";

/** What is known and not supported. What the specification calls unknown is not looked for. */
const UNSUPPORTED: ReadonlyMap<string, Unsupported> = new Map<string, Unsupported>([
  ...otlpVariables(
    "CERTIFICATE",
    "fetch trusts what the runtime trusts; DENO_CERT or NODE_EXTRA_CA_CERTS adds an authority",
  ),
  ...otlpVariables("CLIENT_KEY", NO_CLIENT_CERTIFICATE),
  ...otlpVariables("CLIENT_CERTIFICATE", NO_CLIENT_CERTIFICATE),
  ...otlpVariables("INSECURE", "it is gRPC's; over HTTP the endpoint's scheme decides"),
  ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", {
    why: "histograms have explicit buckets",
    isDefaultBehaviour: (value) => value === "explicit_bucket_histogram",
  }],
  ["OTEL_PROPAGATORS", {
    why: "an event's traceparent is read as W3C's tracecontext, and nothing else",
    isDefaultBehaviour: (value) => {
      const names = value.split(",").map((name) => name.trim());
      return names.includes("tracecontext") &&
        names.every((name) => ["tracecontext", "baggage"].includes(name));
    },
  }],
  ["OTEL_LOG_LEVEL", { why: "losses and failures are logged, whatever the level" }],
  ["OTEL_CONFIG_FILE", { why: "configuration files are not supported" }],
  ["OTEL_EXPERIMENTAL_CONFIG_FILE", { why: "configuration files are not supported" }],
  ["OTEL_EXPORTER_ZIPKIN_ENDPOINT", { why: "there is no Zipkin exporter" }],
  ["OTEL_EXPORTER_ZIPKIN_TIMEOUT", { why: "there is no Zipkin exporter" }],
]);

/** OpenTelemetry's environment variables that have an effect. */
export const OBSERVABILITY_ENV_VARS: readonly string[] = Object.freeze([
  ...new Set([
    ...[...SETTINGS.values()].flatMap(({ env }) => env ?? []),
    ...GENERAL_LIMITS.keys(),
  ]),
]);

/**
 * OpenTelemetry's environment variables that are known but not supported; they are logged if set.
 */
export const UNSUPPORTED_VARIABLES: readonly string[] = Object.freeze([...UNSUPPORTED.keys()]);

/**
 * Returns which of OpenTelemetry's environment variables are set but have no effect, and why: those
 * that are not supported, and those that need another setting. `startObservability` logs them.
 * Values are not shown. Under `OTEL_DENO=true` the runtime reads the variables, and the result is
 * empty.
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
  if (!config.enabled || config.runtimeTelemetry) return [];
  const read = (name: string) => get(name)?.trim().toLowerCase() || undefined;
  const unused: [name: string, why: string][] = [];
  for (const [name, { why, isDefaultBehaviour }] of UNSUPPORTED) {
    const value = read(name);
    if (value !== undefined && !isDefaultBehaviour?.(value)) unused.push([name, why]);
  }
  if (read("OTEL_METRICS_EXEMPLAR_FILTER") === "always_on") {
    unused.push([
      "OTEL_METRICS_EXEMPLAR_FILTER",
      "an exemplar names a trace, so that it is trace_based",
    ]);
  }
  unused.push(...unusedTracing(config, read), ...unusedExporter(config, read));
  return unused.map(([name, why]) => `${name}: has no effect: ${why}`);
}

/** What belongs to spans while there are none, or to a ratio while their sampler has none. */
function unusedTracing(
  { tracingEnabled }: ObservabilityConfig,
  read: EnvReader,
): [name: string, why: string][] {
  const unused: [string, string][] = [];
  if (
    read("OTEL_TRACES_SAMPLER_ARG") && !RATIO_SAMPLERS.includes(read("OTEL_TRACES_SAMPLER") ?? "")
  ) unused.push(["OTEL_TRACES_SAMPLER_ARG", "OTEL_TRACES_SAMPLER names no sampler with a ratio"]);
  if (!tracingEnabled && read("OTEL_TRACES_EXPORTER") === "otlp") {
    unused.push(["OTEL_TRACES_EXPORTER", SPANS_ARE_OFF]);
  }
  return unused;
}

/** What belongs to a way out that is not taken. */
function unusedExporter(config: ObservabilityConfig, read: EnvReader): [string, string][] {
  const unused: [string, string][] = [];
  const [traces, metrics, logs] = SIGNALS.map((signal) => reasonNotExported(signal, config));
  const nothing = traces && metrics && logs && "nothing is pushed without an OTLP endpoint";
  const prometheus = config.prometheus.enabled ? undefined : "metrics are not pulled";
  // The first prefix that fits counts.
  const reasons: readonly (readonly [prefix: string, why: string | undefined])[] = [
    ["otlp.traces.", traces],
    ["otlp.metrics.", metrics],
    ["otlp.logs.", logs],
    ["otlp.", nothing],
    ["prometheus.", prometheus],
    ["metricExport", metrics],
    ["sampler.", traces],
    ["spanBatch.", traces],
    ["spanLimits.", traces],
    ["logBatch.", logs],
    ["logRecordLimits.", logs],
  ];
  for (const [path, { env, envIsValue }] of SETTINGS) {
    if (env === undefined || !envIsValue) continue;
    const why = reasons.find(([prefix]) => path.startsWith(prefix))?.[1];
    if (why !== undefined && read(env) !== undefined) unused.push([env, why]);
  }
  return unused;
}

function reasonNotExported(
  signal: typeof SIGNALS[number],
  { otlp, tracingEnabled, metricsEnabled, loggingEnabled }: ObservabilityConfig,
): string | undefined {
  if (signal === "traces" && !tracingEnabled) return SPANS_ARE_OFF;
  const isOn = { traces: tracingEnabled, metrics: metricsEnabled, logs: loggingEnabled }[signal];
  if (isOn && otlp[signal] !== undefined) return undefined;
  return isOn ? `${signal} are not pushed` : `${signal} are off`;
}
