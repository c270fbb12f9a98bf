import type { EventAttributes } from "./attributes.ts";
import type { OperationId } from "./declaration.ts";
import type { Measurement } from "./metric.ts";

/** How many attribute sets one instrument holds by default: OpenTelemetry's own limit. */
export const DEFAULT_MAX_ATTRIBUTE_SETS = 2_000;

/** The options that all metrics share. */
export interface MetricOptions {
  /** What it measures; the help text in a scrape. Default: none. */
  readonly description?: string | undefined;
  /** A unit as OpenTelemetry writes it: `"s"`, `"By"`, `"1"`, or a noun. Default: none. */
  readonly unit?: string | undefined;
  /**
   * How many attribute sets the instrument holds, including OpenTelemetry's overflow series.
   * Further sets are combined in that series, so that totals stay exact. An integer of at least 2.
   * Default: {@linkcode DEFAULT_MAX_ATTRIBUTE_SETS}.
   */
  readonly maxAttributeSets?: number | undefined;
  /**
   * The names of its attributes, for generated documents and dashboards; an empty list: it has none, and
   * begins with 0, as one of `measurements` does not otherwise. Default: the names that `attributes`
   * returns when it is called with placeholder metadata.
   */
  readonly attributeNames?: readonly string[] | undefined;
  /**
   * The values of all its attributes, by name, where they are few and known: each combination is a
   * series that is there, with 0, before the first event, so that `rate` and `increase` see the first
   * one too. `undefined` among the values stands for an attribute that is absent. Values that are not
   * named here still become series when they come. Not for gauges; a `meter` has no histogram without a
   * value. Default: a metric without
   * attributes begins with 0, one that has some with its first event.
   */
  readonly attributeValues?:
    | Readonly<Record<string, readonly (string | number | boolean | undefined)[]>>
    | undefined;
  /**
   * How long a series may go without a value, in milliseconds above 0, by the bus's clock; the next
   * collection then leaves it out, and counts it (`MetricsStats.expiredSeriesByMetric`). If a value
   * comes later, the series begins anew. What is there before the first event stays. It has no
   * effect where values go to a `meter`, which keeps them, and is refused where threads share their
   * metrics. Default: series stay.
   */
  readonly maxIdleMs?: number | undefined;
}

/** How an event becomes a value. */
export interface EventMetricOptions<Event> extends MetricOptions {
  /**
   * What the event adds; `now` is the bus's clock, in milliseconds since the epoch, for what waits, as
   * events may bring times of their own. Default: 1.
   */
  readonly value?: ((event: Event, now: () => number) => number) | undefined;
  /**
   * The attributes of the series that the event goes to. Keep the number of distinct sets small,
   * see `maxAttributeSets`. Default: none.
   */
  readonly attributes?: ((event: Event) => EventAttributes) | undefined;
  /**
   * For events that hold a count for each of several values of one attribute; use it instead of
   * `value`. `attributes` are those that all of them share.
   */
  readonly counts?: {
    /** The attribute's name. */
    readonly attribute: string;
    /**
     * The counts by its value, as an object or a map; the series of `undefined`, which only a map can
     * have, is without the attribute. None of them, or `undefined`: the event adds nothing.
     */
    readonly of: (
      event: Event,
    ) => Readonly<Record<string, number>> | ReadonlyMap<string | undefined, number> | undefined;
  } | undefined;
  /**
   * For events that feed several series; use it instead of `value`, `attributes` and `counts`. `now` is
   * as that of `value`.
   */
  readonly measurements?:
    | ((event: Event, now: () => number) => Iterable<Measurement>)
    | undefined;
}

/** The options of a counter and of an up-down counter. */
export interface CounterOptions<Event, ZeroType extends string = never, ZeroEvent = never>
  extends EventMetricOptions<Event> {
  /**
   * Event types that add 0: the series that they name is there from then on. For a family of counters
   * of which differences are taken, such as what was begun and what has ended: a difference of two
   * has a value only where both have a series. `attributes`, `counts` and `measurements` are called
   * with these events too. Default: none.
   */
  readonly zeroAt?: ZeroType | readonly ZeroType[] | undefined;
  /** As of all metrics; also called with the events of `zeroAt`. Default: none. */
  readonly attributes?: ((event: Event | ZeroEvent) => EventAttributes) | undefined;
  /** As of all metrics; also called with the events of `zeroAt`. */
  readonly counts?: EventMetricOptions<Event | ZeroEvent>["counts"];
  /** As of all metrics; also called with the events of `zeroAt`. */
  readonly measurements?: EventMetricOptions<Event | ZeroEvent>["measurements"];
}

/** The options of a gauge; one of `value`, `counts` and `measurements` is required. */
export type GaugeOptions<Event> =
  & Omit<EventMetricOptions<Event>, "attributeValues">
  & Pick<ReadGaugeOptions, "combine">
  & (
    | {
      /** The gauge's new value. */
      readonly value: NonNullable<EventMetricOptions<Event>["value"]>;
    }
    | {
      /** The new values of several series of one attribute. */
      readonly counts: NonNullable<EventMetricOptions<Event>["counts"]>;
    }
    | {
      /** The new values of several series: none, one or several, each with its own attributes. */
      readonly measurements: NonNullable<EventMetricOptions<Event>["measurements"]>;
    }
  );

/** The options of a gauge that is read when metrics are collected. */
export interface ReadGaugeOptions extends Omit<MetricOptions, "attributeValues" | "maxIdleMs"> {
  /**
   * Returns the value now, or the values of several series, each with its own attributes, or
   * `undefined` if there is nothing to show. It is called at each scrape and each push, and must not
   * wait for anything. If it throws, or returns something else, this metric alone is left out of that
   * collection; it is counted (`MetricsStats.failedReadsByMetric`) and logged, backing off.
   */
  readonly read: () => number | Iterable<Measurement> | undefined;
  /**
   * How the values that several threads have become one, with `threads: true` of `startObservability`:
   * their `"sum"`, the greatest (`"max"`), the least (`"min"`) or their `"mean"`; or, as `"thread"`,
   * they stay apart, with the thread's name in the attribute `thread.name`. Default: that.
   */
  readonly combine?: "sum" | "max" | "min" | "mean" | "thread" | undefined;
}

/** The options of a histogram; one of `value`, `counts` and `measurements` is required. */
export type HistogramOptions<Event> =
  & GaugeOptions<Event>
  & Pick<MetricOptions, "attributeValues">
  & {
    /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
    readonly buckets?: readonly number[] | undefined;
    /** Histograms of several threads are summed. */
    readonly combine?: undefined;
  };

/**
 * The options of a duration.
 *
 * A function that reads the start declares it as its second parameter: `(end, start) => …`. The
 * start is then kept, with its metadata, until its end arrives; where all functions declare just
 * `end`, only its timestamp is.
 */
export interface DurationOptions<Start, End> extends MetricOptions {
  /** `"s"` or `"ms"`. Default: `"s"`. */
  readonly unit?: "s" | "ms" | undefined;
  /** The attributes of the series that the value goes to. Default: none. */
  readonly attributes?: ((end: End, start: Start) => EventAttributes) | undefined;
  /**
   * Tells concurrent operations of the same kind in one session apart. Default: the event's
   * `operationId`, or, where it has none, its metadata's.
   */
  readonly operationId?: ((event: Start | End) => OperationId) | undefined;
  /**
   * Whether an operation id is enough to pair a start with its end, whatever their sessions are, as
   * where an end is published by who does not know the session. Those without an id belong together by
   * their session in any case. Default: `false`.
   */
  readonly acrossSessions?: boolean | undefined;
  /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
  readonly buckets?: readonly number[] | undefined;
}

/** The options of a throughput. What is kept of a start is as {@linkcode DurationOptions} says. */
export interface ThroughputOptions<Start, End> extends Omit<DurationOptions<Start, End>, "unit"> {
  /**
   * How many bytes were moved between the two events; 0 or `undefined` if none were: then there is
   * no throughput, and nothing is recorded, as where no time has passed. Where the end is before its
   * start, that is counted as an invalid value, and logged once.
   */
  readonly bytes: (end: End, start: Start) => number | undefined;
  /** `"GB/s"` (10^9 bytes a second) or `"By/s"`. Default: `"GB/s"`. */
  readonly unit?: "GB/s" | "By/s" | undefined;
}
