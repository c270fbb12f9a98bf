import { runtimeTelemetryRegistered } from "../../internal/runtime_telemetry.ts";
import type { ObservabilityOptions } from "./options.ts";
import type { EnvReader, EnvValue } from "./env_value.ts";
import { readExporters } from "./read_exporters.ts";
import { readVariable } from "../../internal/read_variable.ts";
import { BOOLEAN, type Rule } from "./rules.ts";
import { GENERAL_LIMITS, nest, RATIO_SAMPLERS, settingOf, SETTINGS } from "./settings.ts";

/** What the environment says. */
export interface EnvReading {
  /** What it says well, by the path of the setting. */
  readonly values: ReadonlyMap<string, EnvValue>;
  /** What is ignored of it, and why, by the name of the variable. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * Reads OpenTelemetry's environment variables: `OTEL_SDK_DISABLED`, `OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`; `OTEL_EXPORTER_OTLP_ENDPOINT`, `…_HEADERS`, `…_PROTOCOL`, `…_TIMEOUT`
 * and `…_COMPRESSION`, also as `OTEL_EXPORTER_OTLP_TRACES_…`, `…_METRICS_…` and `…_LOGS_…`;
 * `OTEL_TRACES_EXPORTER` and `OTEL_LOGS_EXPORTER` (`otlp`, `console` or both separated by a comma, or
 * `none`), `OTEL_METRICS_EXPORTER` (also `prometheus`); `OTEL_METRIC_EXPORT_INTERVAL` and
 * `…_TIMEOUT`; `OTEL_EXPORTER_PROMETHEUS_HOST` and `…_PORT`; `OTEL_TRACES_SAMPLER` and `…_ARG`;
 * `OTEL_BSP_…` and `OTEL_BLRP_…`; `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`;
 * `OTEL_…_LIMIT`; `OTEL_METRICS_EXEMPLAR_FILTER`; and Deno's `OTEL_DENO`.
 *
 * An empty variable is treated as not set, and so is one whose value is unknown, unsupported or
 * malformed, as OpenTelemetry's specification asks: `ineffectiveEnvVars` returns those, and those that
 * are set but have no effect. A time-out of 0 is none. `otlp` without an endpoint means
 * `http://localhost:4318`; as the exporter of traces it turns spans on, as `console` does.
 *
 * It never shows a permission prompt: in Deno without `--allow-env`, variables are treated as not
 * set.
 *
 * @param get reads a variable; tests can pass their own
 */
export function readObservabilityEnv(get: EnvReader = readVariable): ObservabilityOptions {
  const { values } = readEnv(get);
  return nest(
    new Map([...values].map(([path, { value }]) => [path, value])),
  ) as ObservabilityOptions;
}

/** The same, with what was ignored. */
export function readEnv(get: EnvReader): EnvReading {
  const read = (name: string): string | undefined => get(name)?.trim() || undefined;
  const values = new Map<string, EnvValue>();
  const problems = new Map<string, string>();
  const runtimeTelemetry = readRuntimeTelemetry(read, get === readVariable);
  if (runtimeTelemetry) values.set("runtimeTelemetry", { name: "OTEL_DENO", value: true });
  const set = (name: string, text: string | undefined, paths: readonly string[]) => {
    if (text === undefined) return;
    for (const path of paths) {
      if (values.has(path)) continue;
      const { rule } = settingOf(path);
      const value = valueOf(path, rule, text);
      if (rule.check(value)) values.set(path, { name, value });
      else problems.set(name, `must be ${rule.text}, received ${rule.format(text)}`);
    }
  };
  for (const [path, { env, envIsValue }] of SETTINGS) {
    if (env === undefined || !envIsValue) continue;
    const text = read(env);
    // Deno's own exporter knows a protocol more; where it is in force, that is not for us.
    if (runtimeTelemetry && path.endsWith(".protocol") && text === "console") continue;
    // It asks for exemplars without a trace: there are none, which is logged elsewhere.
    if (path === "exemplarFilter" && text?.toLowerCase() === "always_on") continue;
    set(env, text, [path]);
  }
  for (const [name, paths] of GENERAL_LIMITS) set(name, read(name), paths);
  readDisabled(read("OTEL_SDK_DISABLED"), values, problems);
  // By the specification, the argument counts only if its sampler is named, and has one.
  if (RATIO_SAMPLERS.includes(values.get("sampler.name")?.value as string)) {
    set("OTEL_TRACES_SAMPLER_ARG", read("OTEL_TRACES_SAMPLER_ARG"), ["sampler.ratio"]);
  }
  readExporters(read, values, problems);
  return { values, problems };
}

function readRuntimeTelemetry(read: EnvReader, isThisProcess: boolean): boolean {
  if (!("Deno" in globalThis)) return false;
  return read("OTEL_DENO") === "true" || (isThisProcess && runtimeTelemetryRegistered());
}

/** Whatever is not `true` is false, by the specification. */
function readDisabled(
  text: string | undefined,
  values: Map<string, EnvValue>,
  problems: Map<string, string>,
): void {
  if (text === undefined) return;
  const name = "OTEL_SDK_DISABLED";
  const value = BOOLEAN.parse(text);
  if (!BOOLEAN.check(value)) {
    problems.set(name, `must be ${BOOLEAN.text}, received ${BOOLEAN.format(text)}`);
  } else values.set("enabled", { name, value: !value });
}

/** What a text says. A time-out of 0 is none, by the specification: as long as a timer can run. */
function valueOf(path: string, rule: Rule, text: string): unknown {
  const value = rule.parse(text);
  return value === 0 && /timeoutMs$/i.test(path) ? rule.max ?? value : value;
}
