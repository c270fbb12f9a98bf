import { assertFunction } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { runtimeTelemetryRegistered } from "../../internal/runtime_telemetry.ts";
import { escapeControls, toJsonLine } from "./json_line.ts";
import { LineBuffer } from "./line_buffer.ts";
import { functionOutput, type LineOutput } from "./line_output.ts";
import { droppedRecord } from "./losses.ts";
import { type LogRecord, type LogSink, SEVERITY_NUMBERS } from "./log_record.ts";
import { standardOutput } from "./standard_output.ts";

const ACTION = "create jsonLinesSink";

/** The options of {@linkcode jsonLinesSink}: at most one of them. */
export interface JsonLinesOptions {
  /**
   * Writes a record's line, given without its newline, as soon as the record comes. Default: lines go
   * to the standard output, many at once.
   */
  readonly write?: ((line: string, record: LogRecord) => void) | undefined;
  /**
   * Writes lines, many at once, each given with its newline. If it throws, it is given them again
   * later. Default: see `write`.
   */
  readonly writeLines?: ((lines: string) => void) | undefined;
}

/**
 * Creates a sink that writes one JSON object per line: `timestamp` (ISO 8601, UTC), `level`,
 * `body`, `eventType`, then `sessionId`, `operationId`, `traceId`, `spanId`, `traceFlags` if present,
 * and `attributes`. Control characters and line separators inside values are escaped, so one record is
 * always one line, and steers no terminal.
 *
 * Lines are written many at once: after at most 50 ms, unless the event loop is held up. A record of
 * `warn` or above is written at once, with those that wait before it. None is lost when the process
 * ends, but for what ends it without a word (SIGKILL, a signal that nobody handles).
 *
 * - **An output that takes nothing** (a pipe whose reader stands still, a full disk) holds up nobody: lines
 *   wait, and are tried again. When 1 MiB waits, further ones are dropped, those of `warn` and above only
 *   when 1.25 MiB do. They are counted (`dropped`, and with it `stats()` and the metric
 *   `busbar.logs.dropped_records`) and told: on the console while it lasts, and by a line of the type
 *   `bus:logs_dropped` in the place where they are missing. When nobody reads a pipe any more, as after `| head`, lines
 *   are dropped at once.
 * - **At the end of the process** it stands still for a second at most until a full output takes what waits;
 *   what it does not take is told, in numbers.
 * - **Deno without `--allow-all`** cannot ask a pipe whether it is full. Lines go out beside the program there: a
 *   program that has come to its natural end goes on until a reader that stands still reads, and one that
 *   calls `Deno.exit`, without a `stop` before, may stand still as long if that reader has stopped within the
 *   last second.
 * - Several processes may share a pipe: lines of up to 4,096 bytes stay whole.
 *
 * Without a standard output (on a page, on workerd), and where the runtime exports the console as log
 * records (`OTEL_DENO=true`), each line goes to `console.log`.
 *
 * @example A file
 * ```ts
 * import { appendFileSync } from "node:fs";
 * import { jsonLinesSink } from "@busbar/busbar/subscribers";
 *
 * const sink = jsonLinesSink({ writeLines: (lines) => appendFileSync("/dev/null", lines) });
 * ```
 *
 * @throws {TypeError} if an option is no function or unknown, or if both are given
 */
export function jsonLinesSink(options: JsonLinesOptions = {}): LogSink {
  assertKnownNames(ACTION, "option", options, ["write", "writeLines"]);
  const { write, writeLines } = options;
  if (write !== undefined) assertFunction(ACTION, "write", write);
  if (writeLines !== undefined) assertFunction(ACTION, "writeLines", writeLines);
  if (write !== undefined && writeLines !== undefined) {
    throw new TypeError(`Cannot ${ACTION}: write and writeLines cannot both be given`);
  }
  const output = write !== undefined
    ? undefined
    : writeLines !== undefined
    ? functionOutput(writeLines)
    : runtimeTelemetryRegistered()
    ? undefined
    : standardOutput();
  return output === undefined ? eachLine(write ?? toConsole) : manyLines(output);
}

function eachLine(write: (line: string, record: LogRecord) => void): LogSink {
  return function jsonLines(record: LogRecord): void {
    write(escapeControls(toJsonLine(record)), record);
  };
}

function manyLines(output: LineOutput): LogSink {
  const buffer = new LineBuffer(output, {
    name: "jsonLinesSink",
    logger: console,
    droppedLine: (dropped) => toJsonLine(droppedRecord(dropped)),
  });
  const sink = function jsonLines(record: LogRecord): void {
    buffer.add(toJsonLine(record), record.severityNumber >= SEVERITY_NUMBERS.warn);
  };
  return Object.defineProperties(
    Object.assign(sink, {
      flush: () => buffer.flush(),
      flushSync: () => buffer.flushSync(),
    }),
    {
      pending: { get: () => buffer.lines },
      dropped: { get: () => buffer.dropped },
      isConsoleStuck: { get: () => buffer.isConsoleStuck },
    },
  );
}

function toConsole(line: string): void {
  // deno-lint-ignore no-console -- the console is what the user asked for
  console.log(line);
}
