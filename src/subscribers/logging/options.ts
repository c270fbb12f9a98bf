import { LOG_LEVELS, type LogLevel } from "../../catalog/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { BusEvent } from "../../events/event.ts";
import type { LogSink, TraceContext } from "./log_record.ts";

/** The options of a {@linkcode LoggingSubscriber}. */
export interface LoggingOptions<Events extends object> {
  /** What is logged: a catalog's `logs`. */
  readonly logs: Catalog<Events>["logs"];
  /** Where records go. */
  readonly sink: LogSink | readonly LogSink[];
  /** Records below this level are not built. Default: `"info"`. */
  readonly minLevel?: LogLevel | undefined;
  /**
   * How many records of one event type are written per second, above 0, unless its declaration says
   * otherwise. After a quiet second, that many may be written at once. `Infinity` for no limit.
   * Default: 100.
   */
  readonly maxPerSecond?: number | undefined;
  /** Names of fields to redact in all records; see `LogDeclaration.redact`. Default: none. */
  readonly redact?: readonly string[] | undefined;
  /**
   * Returns the span that an event belongs to. If it is not given, or returns `undefined`, the
   * event's own `traceparent` is used.
   */
  readonly contextOf?: ((event: BusEvent) => TraceContext | undefined) | undefined;
  /**
   * The clock of the rate limit, in milliseconds. Default: the events' own timestamps, which need no
   * further clock reads. Pass a clock if replayed events are mixed with live ones.
   */
  readonly clock?: (() => number) | undefined;
  /** How many records of one type may be pending in an async sink, at least 1. Default: 500. */
  readonly maxPending?: number | undefined;
  /** How soon records left out are reported, in milliseconds, above 0. Default: 1,000. */
  readonly suppressedIntervalMs?: number | undefined;
}

/** The defaults of {@linkcode LoggingOptions}. */
export const DEFAULT_LOGGING_OPTIONS: Readonly<{
  minLevel: LogLevel;
  maxPerSecond: number;
  maxPending: number;
  suppressedIntervalMs: number;
}> = Object.freeze({
  minLevel: "info",
  maxPerSecond: 100,
  maxPending: 500,
  suppressedIntervalMs: 1_000,
});

/** Checked options, with the defaults filled in. */
export interface ResolvedLoggingOptions {
  readonly sinks: readonly LogSink[];
  readonly minLevel: LogLevel;
  readonly maxPerSecond: number;
  readonly redact: readonly string[];
  readonly contextOf: ((event: BusEvent) => TraceContext | undefined) | undefined;
  readonly clock: (() => number) | undefined;
  readonly maxPending: number;
  readonly suppressedIntervalMs: number;
}

/** Checks what a user passed and fills in the defaults. */
export function resolveLoggingOptions<Events extends object>(
  options: LoggingOptions<Events>,
): ResolvedLoggingOptions {
  const {
    sink,
    minLevel = DEFAULT_LOGGING_OPTIONS.minLevel,
    maxPerSecond = DEFAULT_LOGGING_OPTIONS.maxPerSecond,
    redact = [],
    contextOf,
    clock,
    maxPending = DEFAULT_LOGGING_OPTIONS.maxPending,
    suppressedIntervalMs = DEFAULT_LOGGING_OPTIONS.suppressedIntervalMs,
  } = options;
  const sinks: readonly unknown[] = Array.isArray(sink) ? [...sink] : [sink];
  if (sinks.length === 0) refuse(TypeError, "sink", "a function or some of them", []);
  for (const one of sinks) assertFunction("sink", one);
  if (!LOG_LEVELS.includes(minLevel)) {
    refuse(TypeError, "minLevel", `one of ${LOG_LEVELS.join(", ")}`, minLevel);
  }
  if (typeof maxPerSecond !== "number" || !(maxPerSecond > 0)) {
    refuse(RangeError, "maxPerSecond", "a number above 0", maxPerSecond);
  }
  if (!Array.isArray(redact)) refuse(TypeError, "redact", "a list of names", redact);
  for (const name of redact) {
    if (typeof name !== "string" || name === "") {
      refuse(TypeError, "redact", "a list of names", name);
    }
  }
  if (contextOf !== undefined) assertFunction("contextOf", contextOf);
  if (clock !== undefined) assertFunction("clock", clock);
  if (!Number.isInteger(maxPending) || maxPending < 1) {
    refuse(RangeError, "maxPending", "a positive integer", maxPending);
  }
  if (typeof suppressedIntervalMs !== "number" || !(suppressedIntervalMs > 0)) {
    refuse(RangeError, "suppressedIntervalMs", "a number above 0", suppressedIntervalMs);
  }
  return {
    sinks: sinks as readonly LogSink[],
    minLevel,
    maxPerSecond,
    redact,
    contextOf,
    clock,
    maxPending,
    // Timers hold their delay in 32 bits; a longer one would fire at once, again and again.
    suppressedIntervalMs: Math.min(suppressedIntervalMs, 2 ** 31 - 1),
  };
}

function assertFunction(name: string, value: unknown): void {
  if (typeof value !== "function") refuse(TypeError, name, "a function", value);
}

function refuse(ErrorClass: ErrorConstructor, name: string, rule: string, value: unknown): never {
  const shown = typeof value === "string" || Array.isArray(value)
    ? JSON.stringify(value)
    : String(value);
  throw new ErrorClass(
    `Cannot create LoggingSubscriber: ${name} must be ${rule}, received ${shown}`,
  );
}
