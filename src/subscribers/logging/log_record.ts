import { LOG_LEVELS, type LogLevel } from "../../catalog/log.ts";

/** What an attribute of a log record can be: whatever JSON can write. */
export type LogValue =
  | string
  | number
  | boolean
  | null
  | readonly LogValue[]
  | { readonly [name: string]: LogValue };

/** The attributes of a log record by name. */
export type LogAttributes = Readonly<Record<string, LogValue>>;

/** The span that something happened in. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** The W3C trace flags; 1 means sampled. */
  readonly traceFlags: number;
}

/** One log record, as sinks get it. It holds nothing of the event's metadata by reference. */
export interface LogRecord extends Partial<TraceContext> {
  /** When the event happened, in milliseconds since the epoch, with fractions. */
  readonly timestampMs: number;
  /** How severe it is. */
  readonly level: LogLevel;
  /** The same as a number, as OpenTelemetry counts: 1 to 24. */
  readonly severityNumber: number;
  /** The text. */
  readonly body: string;
  /** What else is known, safe for JSON. */
  readonly attributes: LogAttributes;
  /** The type of the event; {@linkcode LEFT_OUT_EVENT_TYPE} where the subscriber speaks itself. */
  readonly eventType: string;
  /** The event's session, `""` if none. */
  readonly sessionId: string;
}

/**
 * Takes the records of a {@linkcode LoggingSubscriber}, one at a time, off the publisher's stack.
 *
 * It may be async: `EventBus.flush` waits for it. What it throws or rejects with is counted, told by
 * the bus, and keeps no record from other sinks.
 */
export type LogSink = (record: LogRecord) => void | Promise<void>;

/** The `eventType` of the records that tell how many others were left out. */
export const LEFT_OUT_EVENT_TYPE = "bus:logs_left_out";

/** OpenTelemetry's severity numbers: 1, 5, 9, 13, 17, 21. */
export const SEVERITY_NUMBERS: Readonly<Record<LogLevel, number>> = Object.freeze(
  Object.fromEntries(LOG_LEVELS.map((level, index) => [level, index * 4 + 1])) as Record<
    LogLevel,
    number
  >,
);
