import type { ObservabilityConfig } from "./config/config.ts";
import { namesOtlp } from "./log_sinks.ts";
import type { ProgramOptions } from "./start_options.ts";

/** What the configuration does not say. */
export interface StartLineOptions {
  /** Where metrics are served; `null` if they are not yet, `undefined` if they are not. */
  readonly metricsUrl: string | null | undefined;
  /** Whether the catalog makes log records of events. */
  readonly hasLogs: boolean;
  /** The program's own sinks. */
  readonly logSink: ProgramOptions["logSink"];
}

/** Says in one line where metrics, spans and log records go. No credentials are in it. */
export function startLine(config: ObservabilityConfig, options: StartLineOptions): string {
  return `${metricsLine(config, options)}; ${spansLine(config)}; ${logsLine(config, options)}`;
}

function metricsLine(
  { metricsEnabled, otlp, console }: ObservabilityConfig,
  { metricsUrl }: StartLineOptions,
): string {
  if (!metricsEnabled) return "metrics are off";
  const ways = [
    ...(metricsUrl === undefined
      ? []
      : [metricsUrl === null ? "at no port yet" : `at ${metricsUrl}`]),
    ...(otlp.metrics === undefined ? [] : [`pushed to ${shownUrl(otlp.metrics.endpoint)}`]),
    ...(console.metrics ? ["on the console"] : []),
  ];
  return `metrics ${ways.join(" and ") || "where the program serves them"}`;
}

function spansLine({ tracingEnabled, otlp, console }: ObservabilityConfig): string {
  if (!tracingEnabled) return "spans are off";
  const ways = [
    ...(otlp.traces === undefined ? [] : [`pushed to ${shownUrl(otlp.traces.endpoint)}`]),
    ...(console.traces ? ["on the console"] : []),
  ];
  return `spans ${ways.join(" and ") || "go nowhere"}`;
}

function logsLine(
  { loggingEnabled, otlp, console }: ObservabilityConfig,
  { hasLogs, logSink }: StartLineOptions,
): string {
  if (!loggingEnabled) return "log records are off";
  if (!hasLogs) return "no log records are declared";
  const isNamed = namesOtlp(logSink);
  const hasOwn = logSink !== undefined && [logSink].flat().some((one) => typeof one === "function");
  const pushed = otlp.logs === undefined ? [] : [`pushed to ${shownUrl(otlp.logs.endpoint)}`];
  if (hasOwn) {
    return `log records ${[...(isNamed ? pushed : []), "to the program's sink"].join(" and ")}`;
  }
  const ways = [
    ...pushed,
    ...(otlp.logs === undefined || console.logs && logSink === undefined
      ? ["to the standard output"]
      : []),
  ];
  return `log records ${ways.join(" and ")}`;
}

/** Without the query, which may hold secrets; user name and password are in no endpoint. */
function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, "");
}
