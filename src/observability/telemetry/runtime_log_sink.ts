import { context } from "@opentelemetry/api";
import type { LogLevel } from "../../catalog/log.ts";
import { jsonLinesSink } from "../../subscribers/logging/json_lines.ts";
import type { LogSink } from "../../subscribers/logging/log_record.ts";
import { contextOf } from "../../subscribers/logging/otel_logs.ts";

/** The method of the console that has the runtime export a line at that level. */
const METHODS = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "error",
} as const satisfies Record<LogLevel, keyof Console>;

/**
 * A sink of JSON lines to the console of a runtime that exports what is written there: with the
 * severity of the method, and the span that is active. So each line is written with the record's own.
 */
export function runtimeLogSink(): LogSink {
  return jsonLinesSink({
    write: (line, record) => {
      context.with(contextOf(record), () =>
        // deno-lint-ignore no-console -- from there the runtime takes it
        console[METHODS[record.level]](line));
    },
  });
}
