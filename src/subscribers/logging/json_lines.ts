import type { LogLevel } from "../../catalog/log.ts";
import { assertFunction } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { runtimeTelemetryRegistered } from "../../internal/runtime_telemetry.ts";
import { escapeControls } from "./json_line.ts";
import { lineFormatter } from "./line_fields.ts";
import { functionOutput } from "./line_output.ts";
import { bufferedSink, checkLineOptions, type LineSinkOptions, named } from "./line_sink.ts";
import type { LogRecord, LogSink, LogValue } from "./log_record.ts";
import { standardOutput } from "./standard_output.ts";

const ACTION = "create jsonLinesSink";

/** The options of {@linkcode jsonLinesSink}; at most one of `write` and `writeLines`. */
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
  /**
   * What the fields of a line are called: as one of these has them, or by names of your own, over those of a
   * `preset` (default: `"busbar"`). `false` leaves a field out; `attributes: ""` puts the attributes among
   * the other fields, where one of the same name as a field is called `attributes.level`. Default: `"busbar"`.
   *
   * - `"pino"`: `time` (epoch milliseconds), `level` (10 to 60), `msg`, attributes among the fields, and
   *   `trace_id`, `span_id`, `trace_flags` as OpenTelemetry's instrumentation of pino writes them. pino's own
   *   `pid` and `hostname` are yours to give, as `constants`.
   * - `"ecs"`: the Elastic Common Schema, as its `ecs-logging` specification asks for: `@timestamp`, `log.level`,
   *   `message`, `ecs.version` ("SHOULD NOT be a nested object field but at the top level with a dot in the
   *   property name"), `event.action` (the type), `trace.id`, `span.id`, and attributes as `labels` ("Should
   *   not contain nested objects"): with `_` between the names of nested ones, and for a dot.
   * - `"google"`: what Cloud Logging takes from a line: `severity` (`DEBUG`, `INFO`, `WARNING`, `ERROR`,
   *   `CRITICAL`), `message`, `time`, and `logging.googleapis.com/trace`, `…/spanId` and `…/trace_sampled`. A trace is
   *   found by its "resource name": `traceIdPrefix: "projects/my-project/traces/"`.
   */
  readonly fields?:
    | "busbar"
    | "pino"
    | "ecs"
    | "google"
    | {
      /** Whose names the others are. */
      readonly preset?: "busbar" | "pino" | "ecs" | "google" | undefined;
      readonly timestamp?: string | undefined;
      readonly level?: string | undefined;
      readonly body?: string | undefined;
      readonly eventType?: string | false | undefined;
      readonly sessionId?: string | false | undefined;
      readonly operationId?: string | false | undefined;
      readonly traceId?: string | false | undefined;
      readonly spanId?: string | false | undefined;
      readonly traceFlags?: string | false | undefined;
      readonly attributes?: string | false | undefined;
      /** How the time is written: ISO 8601 in UTC, or as a number of milliseconds. */
      readonly timestampFormat?: "iso" | "epoch-ms" | undefined;
      /** What levels are called. */
      readonly levels?: Readonly<Partial<Record<LogLevel, string | number>>> | undefined;
      /** What comes before each trace id. */
      readonly traceIdPrefix?: string | undefined;
      /** Fields that each line has, such as the name of the service. */
      readonly constants?: Readonly<Record<string, LogValue>> | undefined;
    }
    | undefined;
  /** The sink gets no records below this level. Default: it gets all that there are. */
  readonly minLevel?: LogLevel | undefined;
  /** Where it is told what the output does not take. Default: `console`. */
  readonly logger?: Logger | undefined;
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
 *   last second. To a terminal Deno's lines always go out beside the program; `Deno.exit` stands still with
 *   fewer permissions only.
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
 * @throws {TypeError} if an option is unknown or of the wrong type, or names two fields alike, or if `write`
 * and `writeLines` are both given
 */
export function jsonLinesSink(options: JsonLinesOptions = {}): LogSink {
  assertKnownNames(ACTION, "option", options, [
    "write",
    "writeLines",
    "fields",
    "minLevel",
    "logger",
  ]);
  const { write, writeLines, fields } = options;
  if (write !== undefined) assertFunction(ACTION, "write", write);
  if (writeLines !== undefined) assertFunction(ACTION, "writeLines", writeLines);
  if (write !== undefined && writeLines !== undefined) {
    throw new TypeError(`Cannot ${ACTION}: write and writeLines cannot both be given`);
  }
  const toLine = lineFormatter(ACTION, fields);
  const common = { name: "jsonLines", toLine, ...checkLineOptions(ACTION, options) };
  if (write !== undefined) return eachLine(write, common);
  return writeLines === undefined
    ? standardLines(common)
    : bufferedSink(functionOutput(writeLines), common);
}

/** A sink of lines to the standard output; to the console where there is none, or the runtime exports it. */
export function standardLines(options: LineSinkOptions & { readonly logger: Logger }): LogSink {
  const output = runtimeTelemetryRegistered() ? undefined : standardOutput();
  return output === undefined ? eachLine(toConsole, options) : bufferedSink(output, options);
}

function eachLine(
  write: (line: string, record: LogRecord) => void,
  { toLine, ...options }: LineSinkOptions,
): LogSink {
  return named((record) => write(escapeControls(toLine(record)), record), options);
}

function toConsole(line: string): void {
  // deno-lint-ignore no-console -- the console is what the user asked for
  console.log(line);
}
