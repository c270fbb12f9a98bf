import type { BusEvent } from "../events/event.ts";
import type { EventAttributes } from "./attributes.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertNames,
  assertOptions,
  assertType,
  invalidDeclaration,
} from "./declaration.ts";

/** How severe a log record is, as OpenTelemetry names it. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** The levels, least severe first. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** The options of the log record that an event becomes. */
export interface LogDeclaration<Event extends BusEvent = BusEvent> {
  /** The record's level. Below the subscriber's `minLevel`, no record is built. */
  readonly level: LogLevel | ((event: Event) => LogLevel);
  /** The record's text. Default: the event's type. */
  readonly body?: ((event: Event) => string) | undefined;
  /** The record's attributes. Default: the metadata's fields. */
  readonly attributes?: ((event: Event) => EventAttributes) | undefined;
  /**
   * Names of fields, or dotted ends of their paths, to replace by `"[redacted]"`. Default: none.
   */
  readonly redact?: readonly string[] | undefined;
  /**
   * How many records per second are written; the rest is counted, and a summary record reports the
   * count. Default: the subscriber's.
   */
  readonly maxPerSecond?: number | undefined;
}

/** None missing and none too many. */
const OPTIONS: Readonly<Record<keyof LogDeclaration, true>> = {
  level: true,
  body: true,
  attributes: true,
  redact: true,
  maxPerSecond: true,
};

/** Checks the log record that a type is declared to become. */
export function assertLog(type: string, log: unknown): void {
  const what = `the log of ${JSON.stringify(type)}`;
  assertType(what, "its type", type);
  assertOptions(what, log, Object.keys(OPTIONS));
  const { level, body, attributes, redact, maxPerSecond } = log as LogDeclaration<AnyEvent>;
  assertFunctions(what, { body, attributes });
  if (redact !== undefined) assertNames(what, "redact", redact);
  if (typeof level !== "function" && !LOG_LEVELS.includes(level)) {
    invalidDeclaration(what, "level", `one of ${LOG_LEVELS.join(", ")}`, level);
  }
  if (maxPerSecond !== undefined && !(typeof maxPerSecond === "number" && maxPerSecond > 0)) {
    invalidDeclaration(what, "maxPerSecond", "a number above 0", maxPerSecond);
  }
}
