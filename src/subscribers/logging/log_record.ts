import { LOG_LEVELS, type LogLevel } from "../../catalog/log.ts";
import type { TraceContext } from "../trace_context.ts";

/** The value of a log record's attribute: anything that JSON can represent. */
export type LogValue =
  | string
  | number
  | boolean
  | null
  | readonly LogValue[]
  | { readonly [name: string]: LogValue };

/** The attributes of a log record by name. */
export type LogAttributes = Readonly<Record<string, LogValue>>;

/** One log record, as passed to sinks. It shares no objects with the event's metadata. */
export interface LogRecord extends Partial<TraceContext> {
  /** When the event happened, in milliseconds since the epoch, with fractions. */
  readonly timestampMs: number;
  /** How severe it is. */
  readonly level: LogLevel;
  /** The same as OpenTelemetry's severity number, 1 to 24. */
  readonly severityNumber: number;
  /** The text. */
  readonly body: string;
  /** Its attributes, safe to serialize as JSON. */
  readonly attributes: LogAttributes;
  /** The type of the event, or {@linkcode SUPPRESSED_EVENT_TYPE} for summary records. */
  readonly eventType: string;
  /** The event's session, `""` if none. */
  readonly sessionId: string;
  /** The event's own operation id, `""` if none. */
  readonly operationId: string;
}

/**
 * Receives the records of a {@linkcode LoggingSubscriber}, off the publisher's stack: one at a time, in
 * the order of their events. In most cases it is a plain function.
 *
 * It may be async: it gets the next record when it has settled the one before, and `EventBus.flush`
 * waits for all of them. An exception or rejection is counted and logged by the bus, and does not
 * affect other sinks.
 */
export interface LogSink {
  /** Takes a record. */
  (record: LogRecord): void | Promise<void>;
  /** Passes on what it holds, where it does not pass on each record at once. */
  flush?(): void | Promise<void>;
  /** Passes on, synchronously, what it can: the process is about to end. */
  flushSync?(): void;
  /** How many records it holds; those that it still holds at the end are reported. */
  readonly pending?: number;
  /** It gets no records below this level, which is read once. Default: it gets all that there are. */
  readonly minLevel?: LogLevel;
  /** How many records it has dropped so far, without failing: its output took fewer. */
  readonly dropped?: number;
}

/** The `eventType` of the summary records that report how many records were suppressed. */
export const SUPPRESSED_EVENT_TYPE = "bus:logs_suppressed";

/** OpenTelemetry's severity numbers: 1, 5, 9, 13, 17, 21. */
export const SEVERITY_NUMBERS: Readonly<Record<LogLevel, number>> = Object.freeze(
  Object.fromEntries(LOG_LEVELS.map((level, index) => [level, index * 4 + 1])) as Record<
    LogLevel,
    number
  >,
);
