import { invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { Logger } from "../internal/logger.ts";
import { consoleSink } from "../subscribers/logging/console_sink.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import { otelLogSink } from "../subscribers/logging/otel_logs.ts";
import type { OtelLogger } from "../subscribers/otel_api.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import type { ProgramOptions } from "./start_options.ts";
import { runtimeLogSink } from "./telemetry/runtime_log_sink.ts";

type Options = Pick<ProgramOptions, "logSink" | "sessionIdAttribute">;

/**
 * Where log records go.
 *
 * @param otelLogger what pushes them; `undefined` if they are not pushed
 * @throws {TypeError} if the program names something that is no sink
 */
export function logSinks(
  config: ObservabilityConfig,
  { logSink, sessionIdAttribute }: Options,
  { otelLogger, logger }: {
    readonly otelLogger: OtelLogger | undefined;
    readonly logger: Logger;
  },
): readonly LogSink[] {
  const standard = () => config.runtimeTelemetry ? runtimeLogSink() : consoleSink({ logger });
  const pushed = (minLevel?: LogSink["minLevel"]) =>
    otelLogger === undefined ? [] : [otelLogSink(otelLogger, { sessionIdAttribute, minLevel })];
  if (logSink === undefined) {
    const push = pushed();
    return push.length === 0 || config.console.logs ? [...push, standard()] : push;
  }
  const sinks = [logSink].flat().flatMap((one): readonly LogSink[] => {
    if (typeof one === "function") return [one];
    if (one === "otlp") return pushed();
    if (typeof one !== "object" || one === null) {
      const rule = '"otlp", { otlp: { minLevel } } or a function';
      invalidArgument(TypeError, "start observability", "logSink", rule, one);
    }
    assertKnownNames("start observability", "name in logSink", one, ["otlp"]);
    return pushed(one.otlp?.minLevel);
  });
  // What was to be pushed, and is not, goes where all goes that is not pushed.
  return sinks.length > 0 ? sinks : [standard()];
}

/** Whether the program has records pushed, beside its own sinks. */
export function namesOtlp(logSink: ProgramOptions["logSink"]): boolean {
  return [logSink].flat().some((one) => one === "otlp" || typeof one === "object");
}
