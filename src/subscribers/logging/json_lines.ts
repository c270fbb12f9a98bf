import { assertFunction } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { LogRecord, LogSink } from "./log_record.ts";

const ACTION = "create jsonLinesSink";

/** What ends a line by Unicode, or steers a terminal, and is not escaped by JSON. */
const CONTROLS = /[\x7f-\x9f\u2028\u2029]/g;

/** The options of {@linkcode jsonLinesSink}. */
export interface JsonLinesOptions {
  /** Writes a record's line, given without its newline. Default: `console.log`. */
  readonly write?: ((line: string, record: LogRecord) => void) | undefined;
}

/**
 * Creates a sink that writes one JSON object per line: `timestamp` (ISO 8601, UTC), `level`,
 * `body`, `eventType`, then `sessionId`, `operationId`, `traceId`, `spanId`, `traceFlags` if present,
 * and `attributes`. Control characters and line separators inside values are escaped, so one record is
 * always one line, and steers no terminal.
 *
 * Under `OTEL_DENO=true` the runtime exports what is written to the console as log records.
 *
 * @throws {TypeError} if `write` is not a function, or an option is unknown
 */
export function jsonLinesSink(options: JsonLinesOptions = {}): LogSink {
  assertKnownNames(ACTION, "option", options, ["write"]);
  const { write = toConsole } = options;
  assertFunction(ACTION, "write", write);
  return function jsonLines(record: LogRecord): void {
    const { timestampMs, level, body, eventType, sessionId, operationId, attributes } = record;
    const { traceId, spanId, traceFlags } = record;
    write(
      JSON.stringify({
        timestamp: isoTime(timestampMs),
        level,
        body,
        eventType,
        sessionId: sessionId === "" ? undefined : sessionId,
        operationId: operationId === "" ? undefined : operationId,
        traceId,
        spanId,
        traceFlags,
        attributes,
      }).replace(CONTROLS, escape),
      record,
    );
  };
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A time beyond what a `Date` can hold stays a number. */
function isoTime(timestampMs: number): string | number {
  const date = new Date(timestampMs);
  return Number.isNaN(date.getTime()) ? timestampMs : date.toISOString();
}

function toConsole(line: string): void {
  // deno-lint-ignore no-console -- the console is what the user asked for
  console.log(line);
}
