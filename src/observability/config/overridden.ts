import type { OtlpTarget } from "../../otel/otlp/otlp_target.ts";
import type { ObservabilityConfig } from "./config.ts";
import type { EnvReading } from "./env.ts";
import { type Signal, signalEndpoint } from "./otlp_target.ts";
import { isRecord } from "./rules.ts";
import { SIGNALS } from "./settings.ts";

/**
 * Why nothing that a variable says is in force; `undefined` if something is.
 *
 * @param paths the settings that the variable is for
 */
export function reasonOverridden(
  config: ObservabilityConfig,
  reading: EnvReading,
  paths: readonly string[],
): string | undefined {
  const isExporter = paths.some((path) => /^(otlp\..*|prometheus)\.enabled$/.test(path));
  // Of several exporters, those that are asked for.
  const asked = paths.filter((path) =>
    reading.values.get(path)?.value === true && path !== "tracingEnabled"
  );
  const counting = isExporter && asked.length > 0 ? asked : paths;
  if (counting.some((path) => isInForce(config, reading, path))) return undefined;
  const other = paths.includes("resourceAttributes")
    ? "OTEL_SERVICE_NAME"
    : "the variable of one signal";
  return reasonFitted(config, reading, paths[0] ?? "") ??
    `an option, a flag or ${other} comes first`;
}

/** Why it is a smaller number that is in force. */
function reasonFitted(
  { metricExportTimeoutMs, metricExportIntervalMs, ...config }: ObservabilityConfig,
  { values }: EnvReading,
  path: string,
): string | undefined {
  const said = Number(values.get(path)?.value);
  if (
    path === "metricExportTimeoutMs" && said > metricExportIntervalMs &&
    metricExportTimeoutMs === metricExportIntervalMs
  ) return `it is more than the interval, so that ${metricExportTimeoutMs} is used`;
  const [batch, name] = path.split(".");
  if ((batch !== "spanBatch" && batch !== "logBatch") || name !== "maxExportBatchSize") {
    return undefined;
  }
  const { maxExportBatchSize, maxQueueSize } = config[batch];
  return said > maxQueueSize && maxExportBatchSize === maxQueueSize
    ? `it is more than the queue holds, so that ${maxExportBatchSize} is used`
    : undefined;
}

function isInForce(config: ObservabilityConfig, reading: EnvReading, path: string): boolean {
  const value = reading.values.get(path)?.value;
  const [, signal, name = ""] = /^otlp\.(?:(traces|metrics|logs)\.)?(\w+)$/.exec(path) ?? [];
  if (name !== "") {
    const signals = signal === undefined ? SIGNALS : [signal as Signal];
    return signals.some((one) => {
      if (!isOn(config, one)) return false;
      // What the environment says of one signal comes before what it says of all.
      const isOwn = signal === undefined && name !== "headers" && name !== "endpoint" &&
        reading.values.has(`otlp.${one}.${name}`);
      return !isOwn &&
        isSent(config.otlp[one], { name, value, one, isGeneral: signal === undefined });
    });
  }
  if (path === "resourceAttributes") {
    const { resourceAttributes, serviceName, serviceInstanceId } = config;
    return isMerged(value, {
      ...resourceAttributes,
      "service.name": serviceName,
      "service.instance.id": serviceInstanceId,
    });
  }
  const inForce = path.split(".").reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
    config,
  );
  const [group, consoleSignal] = path.split(".");
  return value === inForce && (group !== "console" || isOn(config, consoleSignal as Signal));
}

function isSent(
  target: OtlpTarget | undefined,
  { name, value, one, isGeneral }: {
    name: string;
    value: unknown;
    one: Signal;
    isGeneral: boolean;
  },
): boolean {
  if (name === "enabled") return (target !== undefined) === value;
  if (target === undefined) return false;
  if (name === "headers") return isMerged(value, target.headers);
  if (name !== "endpoint") return target[name as keyof OtlpTarget] === value;
  const url = isGeneral ? signalEndpoint(value as string, one) : new URL(value as string).href;
  return url === target.endpoint;
}

function isOn(config: ObservabilityConfig, signal: Signal): boolean {
  const { tracingEnabled, metricsEnabled, loggingEnabled } = config;
  return { traces: tracingEnabled, metrics: metricsEnabled, logs: loggingEnabled }[signal];
}

/** Whether something of it is among what has been merged by name. */
function isMerged(said: unknown, inForce: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(isRecord(said) ? said : {});
  return entries.length === 0 ||
    entries.some(([name, value]) => (inForce[name] ?? inForce[name.toLowerCase()]) === value);
}
