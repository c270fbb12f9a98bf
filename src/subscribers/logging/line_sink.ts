import type { LogLevel } from "../../catalog/log.ts";
import { assertMethod } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertLevel } from "./levels.ts";
import { LineBuffer } from "./line_buffer.ts";
import type { LineOutput } from "./line_output.ts";
import { droppedRecord } from "./losses.ts";
import { type LogRecord, type LogSink, SEVERITY_NUMBERS } from "./log_record.ts";

/** What sinks of lines have in common. */
export interface LineSinkOptions {
  /** What the sink is called in counts. */
  readonly name: string;
  readonly toLine: (record: LogRecord) => string;
  readonly minLevel: LogLevel | undefined;
}

/** A sink that writes lines, many at once. */
export function bufferedSink(
  output: LineOutput,
  { name, toLine, minLevel, logger, isPrompt = false }: LineSinkOptions & {
    readonly logger: Logger;
    /** Whether each line is written at once: somebody looks at them. */
    readonly isPrompt?: boolean;
  },
): LogSink {
  const buffer = new LineBuffer(output, {
    name: `${name}Sink`,
    logger,
    droppedLine: (dropped) => toLine(droppedRecord(dropped)),
  });
  const sink = (record: LogRecord): void => {
    buffer.add(toLine(record), isPrompt || record.severityNumber >= SEVERITY_NUMBERS.warn);
  };
  return Object.defineProperties(
    Object.assign(named(sink, { name, minLevel }), {
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

/** The sink under its name in counts, with its level if it has one. */
export function named(
  sink: (record: LogRecord) => void,
  { name, minLevel }: Pick<LineSinkOptions, "name" | "minLevel">,
): LogSink {
  Object.defineProperty(sink, "name", { value: name });
  return minLevel === undefined ? sink : Object.assign(sink, { minLevel });
}

/** Checks what sinks of lines have in common. */
export function checkLineOptions(
  action: string,
  { minLevel, logger = console }: {
    readonly minLevel?: LogLevel | undefined;
    readonly logger?: Logger | undefined;
  },
): { readonly minLevel: LogLevel | undefined; readonly logger: Logger } {
  assertLevel(action, "minLevel", minLevel);
  assertMethod(action, "logger", logger, "warn");
  return { minLevel, logger };
}
