import { ConfigurationError } from "./configuration_error.ts";
import type { ObservabilityOptions } from "./options.ts";
import { readVariable } from "./read_variable.ts";
import { runtimeTelemetryRegistered } from "../../internal/runtime_telemetry.ts";
import { BOOLEAN, type Rule } from "./rules.ts";
import { GENERAL_LIMITS, nest, RATIO_SAMPLERS, settingOf, SETTINGS, SIGNALS } from "./settings.ts";

/** Returns an environment variable, or `undefined` if it is not set. */
export type EnvReader = (name: string) => string | undefined;

/**
 * Reads OpenTelemetry's environment variables: `OTEL_SDK_DISABLED`, `OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`; `OTEL_EXPORTER_OTLP_ENDPOINT`, `…_HEADERS`, `…_PROTOCOL`, `…_TIMEOUT`
 * and `…_COMPRESSION`, also as `OTEL_EXPORTER_OTLP_TRACES_…`, `…_METRICS_…` and `…_LOGS_…`;
 * `OTEL_TRACES_EXPORTER` and `OTEL_LOGS_EXPORTER` (`otlp` or `none`), `OTEL_METRICS_EXPORTER`
 * (`otlp`, `prometheus`, both separated by a comma, or `none`); `OTEL_METRIC_EXPORT_INTERVAL` and
 * `…_TIMEOUT`; `OTEL_EXPORTER_PROMETHEUS_HOST` and `…_PORT`; `OTEL_TRACES_SAMPLER` and `…_ARG`;
 * `OTEL_BSP_…` and `OTEL_BLRP_…`; `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`;
 * `OTEL_…_LIMIT`; `OTEL_METRICS_EXEMPLAR_FILTER`; and Deno's `OTEL_DENO`. An empty variable is
 * treated as not set. `ineffectiveEnvVars` returns those that are set but have no effect.
 *
 * It never shows a permission prompt: in Deno without `--allow-env`, variables are treated as not
 * set.
 *
 * @param get reads a variable; tests can pass their own
 * @throws {ConfigurationError} if a value is invalid; the values of headers are not shown
 */
export function readObservabilityEnv(get: EnvReader = readVariable): ObservabilityOptions {
  const read = (name: string): string | undefined => get(name)?.trim() || undefined;
  const values = new Map<string, unknown>();
  const runtimeTelemetry = readRuntimeTelemetry(read, get === readVariable);
  if (runtimeTelemetry) values.set("runtimeTelemetry", true);
  for (const [path, { rule, env, envIsValue }] of SETTINGS) {
    if (env === undefined || !envIsValue) continue;
    const text = read(env);
    if (text === undefined) continue;
    // Deno's own exporter knows a protocol more; where it is in force, that is not for us.
    if (runtimeTelemetry && path.endsWith(".protocol") && text === "console") continue;
    // It asks for exemplars without a trace: there are none, which is logged and no error.
    if (path === "exemplarFilter" && text.toLowerCase() === "always_on") continue;
    values.set(path, parseVariable(env, rule, text));
  }
  const disabled = read("OTEL_SDK_DISABLED");
  if (disabled !== undefined) {
    values.set("enabled", !parseVariable("OTEL_SDK_DISABLED", BOOLEAN, disabled));
  }
  for (const [name, paths] of GENERAL_LIMITS) {
    const text = read(name);
    if (text === undefined) continue;
    for (const path of paths) {
      if (!values.has(path)) values.set(path, parseVariable(name, settingOf(path).rule, text));
    }
  }
  readSamplerRatio(read, values);
  readExporters(read, values);
  return nest(values) as ObservabilityOptions;
}

function readRuntimeTelemetry(read: EnvReader, isThisProcess: boolean): boolean {
  if (!("Deno" in globalThis)) return false;
  return read("OTEL_DENO") === "true" || (isThisProcess && runtimeTelemetryRegistered());
}

/** By the specification, the argument counts only if its sampler is named, and has one. */
function readSamplerRatio(read: EnvReader, values: Map<string, unknown>): void {
  const text = read("OTEL_TRACES_SAMPLER_ARG");
  if (text === undefined || !RATIO_SAMPLERS.includes(values.get("sampler.name") as string)) return;
  const { rule } = settingOf("sampler.ratio");
  values.set("sampler.ratio", parseVariable("OTEL_TRACES_SAMPLER_ARG", rule, text));
}

function readExporters(read: EnvReader, values: Map<string, unknown>): void {
  for (const signal of SIGNALS) {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
    const text = read(name);
    if (text === undefined) continue;
    const known = signal === "metrics" ? ["otlp", "prometheus"] : ["otlp"];
    const exporters = text.toLowerCase().split(",").map((exporter) => exporter.trim());
    const none = exporters.includes("none");
    if (none ? exporters.length > 1 : exporters.some((exporter) => !known.includes(exporter))) {
      const rule = [...known, "none"].map((exporter) => JSON.stringify(exporter)).join(", ");
      throw new ConfigurationError(name, `must be of ${rule}, received ${JSON.stringify(text)}`);
    }
    if (none && signal !== "logs") {
      values.set(signal === "traces" ? "tracingEnabled" : "metricsEnabled", false);
      continue;
    }
    // Log records have other ways out than OTLP: without an exporter they are made all the same.
    values.set(`otlp.${signal}.enabled`, exporters.includes("otlp"));
    if (signal === "metrics") values.set("prometheus.enabled", exporters.includes("prometheus"));
  }
}

function parseVariable(name: string, rule: Rule, text: string): unknown {
  const value = rule.parse(text);
  if (rule.check(value)) return value;
  throw new ConfigurationError(name, `must be ${rule.text}, received ${rule.format(text)}`);
}
