import type { LogLevel } from "../../catalog/log.ts";
import { invalidArgument } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { runtimeTelemetryRegistered } from "../../internal/runtime_telemetry.ts";
import { type JsonLinesOptions, standardLines } from "./json_lines.ts";
import { lineFormatter } from "./line_fields.ts";
import { bufferedSink, checkLineOptions } from "./line_sink.ts";
import type { LogSink } from "./log_record.ts";
import { isTerminal, standardOutput } from "./standard_output.ts";
import { hasColors } from "./terminal.ts";
import { toTextLine } from "./text_line.ts";

const ACTION = "create consoleSink";

/**
 * Creates a sink for whoever looks at the standard output: people get text on their terminal, a line a record,
 * programs get the JSON lines of `jsonLinesSink` from a pipe or a file. Both come out as `jsonLinesSink`
 * writes: nothing waits for the reader, and nothing is lost unseen.
 *
 * ```text
 * 14:03:07.512 WARN  cache.miss no such key key=a1 status=404 session=s1
 * ```
 *
 * - Colours: where the terminal has them. `FORCE_COLOR` says that it has (`0` or `false`: not), else
 *   `NO_COLOR`, set to anything, that it has not.
 * - What an event says steers no terminal: control characters, and those that turn the order of
 *   text around, are shown as `\u001b`. Texts of several lines are indented, so none passes for a record.
 * - No line is fitted to a width, so a terminal may be resized at any time.
 *
 * @example The console for people, warnings to a file
 * ```ts
 * import { consoleSink, fileSink, LoggingSubscriber } from "@busbar/busbar/subscribers";
 *
 * new LoggingSubscriber({
 *   logs: { "order": { level: "info" } },
 *   sink: [consoleSink(), fileSink({ directory: "/var/log/shop", minLevel: "warn" })],
 * });
 * ```
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 */
export function consoleSink(options: {
  /** Default: `"text"` on a terminal, else `"json"`. */
  readonly format?: "text" | "json" | undefined;
  /** Whether text is in colours. Default: what the environment and the terminal say, see above. */
  readonly colors?: boolean | undefined;
  /** What the fields of JSON lines are called; see `JsonLinesOptions.fields`. Default: `"busbar"`. */
  readonly fields?: JsonLinesOptions["fields"];
  /** The sink gets no records below this level. Default: it gets all that there are. */
  readonly minLevel?: LogLevel | undefined;
  /** Where it is told what the output does not take. Default: `console`. */
  readonly logger?: Logger | undefined;
} = {}): LogSink {
  assertKnownNames(ACTION, "option", options, ["format", "colors", "fields", "minLevel", "logger"]);
  const { format = isTerminal() ? "text" : "json", colors = hasColors(), fields } = options;
  if (format !== "text" && format !== "json") {
    invalidArgument(TypeError, ACTION, "format", '"text" or "json"', format);
  }
  if (typeof colors !== "boolean") {
    invalidArgument(TypeError, ACTION, "colors", "true or false", colors);
  }
  const common = { name: "console", ...checkLineOptions(ACTION, options) };
  const toJson = lineFormatter(ACTION, fields);
  const output = format === "json" || runtimeTelemetryRegistered() ? undefined : standardOutput();
  // A page shows objects better than text.
  if (output === undefined) return standardLines({ ...common, toLine: toJson });
  const toLine = (record: Parameters<LogSink>[0]) => toTextLine(record, colors);
  return bufferedSink(output, { ...common, toLine, isPrompt: isTerminal() });
}
