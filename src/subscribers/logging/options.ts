import type { Catalog } from "../../catalog/catalog.ts";
import type { LogLevel } from "../../catalog/log.ts";
import { assertRedact } from "../../catalog/redact_path.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents } from "../../events/event_map.ts";
import {
  assertAboveZero,
  assertFunction,
  assertMethod,
  assertPositiveInteger,
  invalidArgument,
} from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { Logger } from "../../internal/logger.ts";
import { MAX_DELAY_MS } from "../../internal/timers.ts";
import type { TraceContext } from "../trace_context.ts";
import { assertLevel } from "./levels.ts";
import type { LogSink } from "./log_record.ts";
import type { SinkStats } from "./sink_runner.ts";

/** The options of a `LoggingSubscriber`; the defaults are {@linkcode DEFAULT_LOGGING_OPTIONS}. */
export interface LoggingSubscriberOptions<Events extends object> {
  /** What is logged: a catalog's `logs`. */
  readonly logs: Catalog<Events>["logs"];
  /** Where records go. */
  readonly sink: LogSink | readonly LogSink[];
  /** Records below this level are not built. Default: `"info"`. */
  readonly minLevel?: LogLevel | undefined;
  /**
   * How many records of one event type, below `warn`, are written per second, above 0, unless its
   * declaration says otherwise. After a quiet second, that many may be written at once. `Infinity` for no limit.
   * Default: 100.
   */
  readonly maxPerSecond?: number | undefined;
  /**
   * Of how many sessions records below `warn` are written, from 0 to 1: of a session all or none, chosen by a
   * hash of its id, so that all processes choose alike. Records of no session are written. The others are
   * counted in `stats().unsampledRecords`. Default: 1.
   */
  readonly sessionSampleRatio?: number | undefined;
  /** What to redact in all records; see `LogDeclaration.redact`. Default: nothing. */
  readonly redact?: readonly string[] | undefined;
  /**
   * Returns the span that an event belongs to. If it is not given, or returns `undefined`, the
   * event's own `traceparent` is used.
   */
  readonly contextOf?: ((event: BusEvent) => TraceContext | undefined) | undefined;
  /**
   * The clock of the rate limit, in milliseconds. Default: the events' own timestamps, which need
   * no further clock reads. Pass a clock if replayed events are mixed with live ones.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * How many records of one type may wait for an async sink to settle those before, at least 1, and as
   * many again of `warn` and above. What comes on top is dropped, counted and reported. Default: 500.
   */
  readonly maxPending?: number | undefined;
  /** How soon suppressed records are reported, in milliseconds, above 0. Default: 1,000. */
  readonly suppressedIntervalMs?: number | undefined;
  /** Where the subscriber reports what was lost. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** The defaults of {@linkcode LoggingSubscriberOptions}. */
export const DEFAULT_LOGGING_OPTIONS: Readonly<{
  minLevel: LogLevel;
  maxPerSecond: number;
  sessionSampleRatio: number;
  maxPending: number;
  suppressedIntervalMs: number;
}> = Object.freeze({
  minLevel: "info",
  maxPerSecond: 100,
  sessionSampleRatio: 1,
  maxPending: 500,
  suppressedIntervalMs: 1_000,
});

/** Counts of a `LoggingSubscriber`; they only grow. */
export interface LoggingStats {
  /** Records suppressed by the rate limit, by event type; null-prototype. */
  readonly suppressedByType: Readonly<Record<string, number>>;
  /**
   * Events of logged types that were published by a sink, or by the bus's logger, while it was being
   * called: to log them would have them come back for ever.
   */
  readonly echoes: number;
  /** Texts that were cut, for they had more than 16,030 characters. */
  readonly cutTexts: number;
  /** Records below `warn` of sessions that were not chosen; see `sessionSampleRatio`. */
  readonly unsampledRecords: number;
  /** What became of the records passed to each sink, in the order of the sinks. */
  readonly sinks: readonly SinkStats[];
}

/** Checked options, with the defaults filled in. */
export interface ResolvedLoggingOptions<Events extends object> {
  readonly logs: NonNullable<Catalog<Events>["logs"]>;
  readonly sinks: readonly LogSink[];
  readonly minLevel: LogLevel;
  readonly maxPerSecond: number;
  readonly sessionSampleRatio: number;
  readonly redact: readonly string[];
  readonly contextOf: ((event: BusEvent) => TraceContext | undefined) | undefined;
  readonly clock: (() => number) | undefined;
  readonly maxPending: number;
  readonly suppressedIntervalMs: number;
  readonly logger: Logger;
}

const ACTION = "create LoggingSubscriber";

/** The names of {@linkcode LoggingSubscriberOptions}. */
const NAMES: readonly (keyof LoggingSubscriberOptions<AnyEvents>)[] = [
  "logs",
  "sink",
  "minLevel",
  "maxPerSecond",
  "sessionSampleRatio",
  "redact",
  "contextOf",
  "clock",
  "maxPending",
  "suppressedIntervalMs",
  "logger",
];

/** Checks what a user passed and fills in the defaults. */
export function resolveLoggingOptions<Events extends object>(
  options: LoggingSubscriberOptions<Events>,
): ResolvedLoggingOptions<Events> {
  assertKnownNames(ACTION, "option", options, NAMES);
  const {
    logs = {},
    sink,
    minLevel = DEFAULT_LOGGING_OPTIONS.minLevel,
    maxPerSecond = DEFAULT_LOGGING_OPTIONS.maxPerSecond,
    sessionSampleRatio = DEFAULT_LOGGING_OPTIONS.sessionSampleRatio,
    redact = [],
    contextOf,
    clock,
    maxPending = DEFAULT_LOGGING_OPTIONS.maxPending,
    suppressedIntervalMs = DEFAULT_LOGGING_OPTIONS.suppressedIntervalMs,
    logger = console,
  } = options;
  if (typeof logs !== "object" || logs === null) {
    invalidArgument(TypeError, ACTION, "logs", "declarations by event type", logs);
  }
  const sinks: readonly unknown[] = Array.isArray(sink) ? [...sink] : [sink];
  if (sinks.length === 0) {
    invalidArgument(TypeError, ACTION, "sink", "a function or some of them", []);
  }
  for (const one of sinks) assertFunction(ACTION, "sink", one);
  assertLevel(ACTION, "minLevel", minLevel);
  assertAboveZero(ACTION, "maxPerSecond", maxPerSecond);
  if (
    !(typeof sessionSampleRatio === "number" && sessionSampleRatio >= 0 && sessionSampleRatio <= 1)
  ) {
    const error = typeof sessionSampleRatio === "number" ? RangeError : TypeError;
    invalidArgument(
      error,
      ACTION,
      "sessionSampleRatio",
      "a number from 0 to 1",
      sessionSampleRatio,
    );
  }
  assertRedact(ACTION, redact);
  if (contextOf !== undefined) assertFunction(ACTION, "contextOf", contextOf);
  if (clock !== undefined) assertFunction(ACTION, "clock", clock);
  assertPositiveInteger(ACTION, "maxPending", maxPending);
  assertAboveZero(ACTION, "suppressedIntervalMs", suppressedIntervalMs);
  assertMethod(ACTION, "logger", logger, "warn");
  return {
    logs,
    sinks: sinks as readonly LogSink[],
    minLevel,
    maxPerSecond,
    sessionSampleRatio,
    redact,
    contextOf,
    clock,
    maxPending,
    suppressedIntervalMs: Math.min(suppressedIntervalMs, MAX_DELAY_MS),
    logger,
  };
}
