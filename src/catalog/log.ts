import type { BusEvent } from "../events/event.ts";
import type { EventAttributes } from "./attributes.ts";

/** How severe a log record is, as OpenTelemetry names it. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** The levels, least severe first. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** The options of the log record that an event becomes. */
export interface LogDeclaration<Event extends BusEvent = BusEvent> {
  /** The record's level. Below the subscriber's `minLevel`, no record is built. */
  readonly level: LogLevel | ((event: Event) => LogLevel);
  /** The record's text. Default: the event's type. */
  readonly body?: (event: Event) => string;
  /** The record's attributes. Default: the metadata's fields. */
  readonly attributes?: (event: Event) => EventAttributes;
  /** Names of fields, or dotted ends of their paths, to replace by `"[redacted]"`. Default: none. */
  readonly redact?: readonly string[];
  /**
   * How many records per second are written; the rest is counted, and a summary record reports the
   * count. Default: the subscriber's.
   */
  readonly maxPerSecond?: number;
}
