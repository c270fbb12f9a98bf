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
   * The names of its attributes, for generated documents and dashboards. Default: the names that
   * `attributes` returns when it is called with placeholder metadata.
   */
  readonly attributeNames?: readonly string[] | undefined;
}

/** How an event becomes a value. */
export interface EventMetricOptions<Event> extends MetricOptions {
  /** What the event adds. Default: 1. */
  readonly value?: ((event: Event) => number) | undefined;
  /**
   * The attributes of the series that the event goes to. Keep the number of distinct sets small,
   * see `maxAttributeSets`. Default: none.
   */
  readonly attributes?: ((event: Event) => EventAttributes) | undefined;
  /** For events that feed several series; use it instead of `value` and `attributes`. */
  readonly measurements?: ((event: Event) => Iterable<Measurement>) | undefined;
}

/** The options of a gauge; either `value` or `measurements` is required. */
export type GaugeOptions<Event> =
  & EventMetricOptions<Event>
  & (
    | {
      /** The gauge's new value. */
      readonly value: (event: Event) => number;
    }
    | {
      /** The new values of several series: none, one or several, each with its own attributes. */
      readonly measurements: (event: Event) => Iterable<Measurement>;
    }
  );

/** The options of a histogram; either `value` or `measurements` is required. */
export type HistogramOptions<Event> =
  & GaugeOptions<Event>
  & {
    /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
    readonly buckets?: readonly number[] | undefined;
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
  /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
  readonly buckets?: readonly number[] | undefined;
}

/** The options of a throughput. What is kept of a start is as {@linkcode DurationOptions} says. */
export interface ThroughputOptions<Start, End> extends Omit<DurationOptions<Start, End>, "unit"> {
  /**
   * How many bytes were moved between the two events; 0 or `undefined` if none were: then there is
   * no throughput, and nothing is recorded.
   */
  readonly bytes: (end: End, start: Start) => number | undefined;
  /** `"GB/s"` (10^9 bytes a second) or `"By/s"`. Default: `"GB/s"`. */
  readonly unit?: "GB/s" | "By/s" | undefined;
}
