import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { LogLevel } from "../../catalog/log.ts";
import { FILE_SINK_OPTIONS, rotatingLines } from "./files/file_options.ts";
import { escapeControls } from "./json_line.ts";
import type { JsonLinesOptions } from "./json_lines.ts";
import { lineFormatter } from "./line_fields.ts";
import { checkLineOptions, named } from "./line_sink.ts";
import { type LogRecord, type LogSink, SEVERITY_NUMBERS } from "./log_record.ts";

const ACTION = "create fileSink";

/**
 * Creates a sink that writes the lines of `jsonLinesSink` to files that rotate by size and age, named
 * `log_20260131_235959_000000.jsonl` after the time at which each was begun (UTC, with microseconds) and
 * readable by their owner alone. It is there on Deno, Node and Bun; on Deno it needs
 * `--allow-read` and `--allow-write` of the directory.
 *
 * - Lines go out with the end of the turn of the event loop that brought them. Nobody waits for the disk
 *   but `flush` and the end of the process, at which what waits is written, whatever ends it.
 * - The sink never throws. Lines that the disk does not take (it is full, or it may not be written to)
 *   are tried again each second; 1 MiB waits, what comes on top is dropped and counted, `warn` and above
 *   only when 1.25 MiB waits. It is told when that begins and when it is over.
 * - A file that is removed or moved away while it is written to is counted and told, and lines go on
 *   in a new one; so is an old one that cannot be deleted.
 * - `flush` closes the file; the next line opens it again.
 *
 * @example
 * ```ts
 * import { fileSink, LoggingSubscriber } from "@busbar/busbar/subscribers";
 *
 * const sink = fileSink({ directory: "/var/log/shop", prefix: "shop", maxFiles: 10 });
 * new LoggingSubscriber({ logs: { "order": { level: "info" } }, sink });
 * if (sink.stats().files !== 0) throw new Error("no line, no file");
 * ```
 *
 * @throws {TypeError} if an option is unknown or of the wrong type, or where there are no files: on
 * pages and workerd
 * @throws {RangeError} if a number is out of range
 */
export function fileSink(options: {
  /** Where the files are. It is made if it is not there. */
  readonly directory: string;
  /**
   * What their names begin with: letters, digits, `.`, `_` and `-`, up to 100. Default: `"log"`.
   */
  readonly prefix?: string | undefined;
  /**
   * A file of so many bytes takes no further line; the last one may be beyond it. An integer of at
   * least 1. Default: 104,857,600, 100 MiB.
   */
  readonly maxFileBytes?: number | undefined;
  /** A file so old takes no further line, in milliseconds, above 0. Default: 21,600,000, six hours. */
  readonly maxFileAgeMs?: number | undefined;
  /**
   * How many files there are at most, those of earlier runs included; the oldest is deleted. An integer
   * of at least 1. Default: 100.
   */
  readonly maxFiles?: number | undefined;
  /** The time in names, and that files are old by, in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** What the fields of a line are called; see `JsonLinesOptions.fields`. Default: `"busbar"`. */
  readonly fields?: JsonLinesOptions["fields"];
  /** The sink gets no records below this level. Default: it gets all that there are. */
  readonly minLevel?: LogLevel | undefined;
  /** Where it is told what the disk does not take. Default: `console`. */
  readonly logger?: Logger | undefined;
}): LogSink & {
  /** Counts of its lines and files: see the option of each. */
  stats(): {
    readonly written: number;
    readonly dropped: number;
    readonly pending: number;
    readonly files: number;
    readonly removedFiles: number;
    readonly failedDeletes: number;
  };
} {
  assertKnownNames(ACTION, "option", options, [...FILE_SINK_OPTIONS, "fields", "minLevel"]);
  const toLine = lineFormatter(ACTION, options.fields);
  const { minLevel } = checkLineOptions(ACTION, options);
  const lines = rotatingLines(ACTION, "fileSink", options);
  const write = (record: LogRecord): void => {
    const isUrgent = record.severityNumber >= SEVERITY_NUMBERS.warn;
    lines.add(escapeControls(toLine(record)), isUrgent);
  };
  const sink = Object.assign(
    named(write, { name: "file", minLevel }),
    {
      flush: () => lines.flush(),
      flushSync: () => lines.flushSync(),
      stats: () => lines.stats(),
    },
  );
  return Object.defineProperties(sink, {
    pending: { get: () => lines.pending },
    dropped: { get: () => lines.stats().dropped },
  });
}
