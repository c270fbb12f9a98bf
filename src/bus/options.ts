import type { EventContext } from "../events/event.ts";
import { format, invalidArgument } from "../internal/arguments.ts";
import type { Logger } from "../internal/logger.ts";

/**
 * What happens to an event published when the queue is full.
 *
 * **`"drop-newest"`** rejects it: `publish` returns `false`.
 * *When to use*: nearly always. What was accepted is delivered, and a loss costs the producer
 * almost nothing and is reported to it immediately.
 * *Gotchas*: in a long overload the events delivered are old; watch `oldestEventLagMs`.
 *
 * **`"drop-oldest"`** drops the oldest queued event and accepts the new one.
 * *When to use*: a live view, where the newest events matter most and gaps do not.
 * *Gotchas*: `publish` returns `true`, so the producer of the dropped event is not informed, and an
 * end event may arrive without its start. Only `stats()` (`dropped.evicted`) and the log show it.
 *
 * **`"inline"`** lets the producer dispatch a slice itself, up to `maxQueueSize` events or
 * `drainBudgetMs`, and then accepts the event.
 * *When to use*: accounting and audits, where no event may be lost and the producer can wait.
 * *Gotchas*: handlers run on the stack of `publish`, which takes as long as they do. An event that
 * a handler publishes into a full queue is still rejected (`queue_full`), as is one published into
 * a full queue before `start()`: dispatching there would recurse or surprise.
 */
export type OverflowPolicy = "drop-newest" | "drop-oldest" | "inline";

/**
 * The options of an {@linkcode EventBus}; the defaults are {@linkcode DEFAULT_EVENT_BUS_OPTIONS}.
 */
export interface EventBusOptions {
  /**
   * Whether the bus is enabled. A disabled one accepts, counts and starts nothing. Default: `true`.
   */
  readonly enabled?: boolean | undefined;
  /** How many events may wait: an integer from 1 to 2^24. Default: 10,000. */
  readonly maxQueueSize?: number | undefined;
  /** What happens to an event published when the queue is full. Default: `"drop-newest"`. */
  readonly overflow?: OverflowPolicy | undefined;
  /**
   * How long the bus may hold one turn of the event loop, in milliseconds, more than 0. Default: 4.
   */
  readonly drainBudgetMs?: number | undefined;
  /**
   * How many calls of one async handler may be pending: an integer from 1 to 2^24. Beyond that, the
   * handler is skipped. Default: 1,000.
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Returns the time in milliseconds since the epoch. Default: a sub-millisecond clock that follows
   * the wall clock and never runs backwards. If the clock throws, that is counted and `Date.now()`
   * is used.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Gives what `publish` is not told of an event, such as the session of the request that it is
   * called in; what its `init` says comes first. Called by each `publish`, on its caller's stack. If it
   * throws, that is counted and reported under `"(context)"`. Default: none.
   */
  readonly context?: (() => EventContext | undefined) | undefined;
  /** Where losses and failures are logged. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** The defaults of {@linkcode EventBusOptions}. */
export const DEFAULT_EVENT_BUS_OPTIONS: Readonly<{
  enabled: boolean;
  maxQueueSize: number;
  overflow: OverflowPolicy;
  drainBudgetMs: number;
  maxInFlight: number;
}> = Object.freeze({
  enabled: true,
  maxQueueSize: 10_000,
  overflow: "drop-newest",
  drainBudgetMs: 4,
  maxInFlight: 1_000,
});

/** The largest `maxQueueSize`. */
export const MAX_QUEUE_SIZE_LIMIT: number = 2 ** 24;

/** All options with their values; the clock and the context have no default of their own. */
export type ResolvedOptions =
  & {
    readonly [Name in Exclude<keyof EventBusOptions, "clock" | "context">]-?: NonNullable<
      EventBusOptions[Name]
    >;
  }
  & Pick<EventBusOptions, "clock" | "context">;

/** What an option's value must be, and how that is checked. */
type Rule = [rule: string, holds: (value: unknown) => boolean];

const oneOf = (...values: unknown[]): Rule => [
  values.map(format).join(" or "),
  (value) => values.includes(value),
];

const COUNT: Rule = [
  `an integer from 1 to ${MAX_QUEUE_SIZE_LIMIT}`,
  (value) =>
    Number.isInteger(value) && value as number > 0 && value as number <= MAX_QUEUE_SIZE_LIMIT,
];

const isFunction = (value: unknown) => typeof value === "function";

const RULES: Readonly<Record<keyof EventBusOptions, Rule>> = {
  enabled: oneOf(true, false),
  maxQueueSize: COUNT,
  overflow: oneOf("drop-newest", "drop-oldest", "inline"),
  drainBudgetMs: ["a number above 0", (value) => typeof value === "number" && value > 0],
  maxInFlight: COUNT,
  clock: ["a function", isFunction],
  context: ["a function", isFunction],
  logger: [
    "an object with a warn method",
    (value) => isFunction((value as Partial<Logger> | null)?.warn),
  ],
};

/** Checks what a user passed and fills in the defaults. */
export function resolveOptions(options: EventBusOptions): ResolvedOptions {
  const resolved: Record<string, unknown> = { ...DEFAULT_EVENT_BUS_OPTIONS, logger: console };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(RULES, name)) {
      const known = Object.keys(RULES).join(", ");
      throw new TypeError(
        `Cannot create EventBus: there is no option ${format(name)}; there are ${known}`,
      );
    }
    const [rule, holds] = RULES[name as keyof EventBusOptions];
    const ErrorClass = typeof resolved[name] === "number" ? RangeError : TypeError;
    if (!holds(value)) invalidArgument(ErrorClass, "create EventBus", name, rule, value);
    resolved[name] = value;
  }
  return resolved as unknown as ResolvedOptions;
}
