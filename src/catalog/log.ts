import type { BusEvent } from "../events/event.ts";
import type { EventAttributes } from "./attributes.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertOptions,
  assertType,
  invalidDeclaration,
} from "./declaration.ts";
import { assertRedact } from "./redact_path.ts";

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
   * What to replace by `"[redacted]"`, and never to read: names of fields (`password`), or the ends of
   * the paths to them (`user.email`, `users[*].email`, `users[0].email`, `headers["x-key"]`). Case does
   * not matter; `*` is any field or index; indexes that a path does not name are passed over. It holds
   * for entries too: of `Map`, `Headers`, `URLSearchParams`, of lists of pairs, and of queries in URLs.
   * Default: none.
   */
  readonly redact?: readonly string[] | undefined;
  /**
   * How many records below `warn` are written per second; the rest is counted, and a summary record
   * reports the count. Default: the subscriber's.
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
  if (redact !== undefined) assertRedact(`declare ${what}`, redact);
  if (typeof level !== "function" && !LOG_LEVELS.includes(level)) {
    invalidDeclaration(what, "level", `one of ${LOG_LEVELS.join(", ")}`, level);
  }
  if (maxPerSecond !== undefined && !(typeof maxPerSecond === "number" && maxPerSecond > 0)) {
    invalidDeclaration(what, "maxPerSecond", "a number above 0", maxPerSecond);
  }
}
