import type { BusEvent } from "../events/event.ts";
import type { EventAttributes } from "./attributes.ts";

/** How severe a log record is, as OpenTelemetry names it. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** The levels, least severe first. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** How an event becomes a log record. */
export interface LogDeclaration<Event extends BusEvent = BusEvent> {
  /** How severe it is; below the subscriber's `minLevel` nothing is built. */
  readonly level: LogLevel | ((event: Event) => LogLevel);
  /** The record's text. Default: the event's type. */
  readonly body?: (event: Event) => string;
  /** The record's attributes. Default: the metadata's fields. */
  readonly attributes?: (event: Event) => EventAttributes;
  /** Names of attributes whose values are replaced by `"[redacted]"`. Default: none. */
  readonly redact?: readonly string[];
  /** How many records a second; what comes beyond is counted and told. Default: the subscriber's. */
  readonly maxPerSecond?: number;
}
