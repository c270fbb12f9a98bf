import type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
import type { EventAttributes } from "./attributes.ts";
import { bucketsFor } from "./buckets.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertType,
  type DeclaredFor,
  defaultOperationId,
  type OperationId,
  refuse,
  typesOf,
} from "./declaration.ts";

/** What an instrument does with its values. */
export type InstrumentKind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** How many attribute sets one instrument holds by default: OpenTelemetry's own limit. */
export const DEFAULT_MAX_ATTRIBUTE_SETS = 2_000;

/** The options that all metrics share. */
export interface MetricOptions {
  /** What it measures; the help text in a scrape. Default: none. */
  readonly description?: string;
  /** A unit as OpenTelemetry writes it: `"s"`, `"By"`, `"1"`, or a noun. Default: none. */
  readonly unit?: string;
  /**
   * How many attribute sets the instrument holds, including OpenTelemetry's overflow series. Further
   * sets are combined in that series, so that totals stay exact. An integer of at least 2. Default:
   * {@linkcode DEFAULT_MAX_ATTRIBUTE_SETS}.
   */
  readonly maxAttributeSets?: number;
  /**
   * The names of its attributes, for generated documents and dashboards. Default: the names that
   * `attributes` returns when it is called with placeholder metadata.
   */
  readonly attributeNames?: readonly string[];
}

/** One value with its attributes. */
export interface Measurement {
  /** The value to add or record. If it is not a finite number, it is ignored and counted. */
  readonly value: number;
  /** The attributes of the series that the value goes to. */
  readonly attributes?: EventAttributes;
}

/** How an event becomes a value. */
export interface EventMetricOptions<Event> extends MetricOptions {
  /** What the event adds. Default: 1. */
  readonly value?: (event: Event) => number;
  /**
   * The attributes of the series that the event goes to. Keep the number of distinct sets small, see
   * `maxAttributeSets`. Default: none.
   */
  readonly attributes?: (event: Event) => EventAttributes;
  /** For events that feed several series; use it instead of `value` and `attributes`. */
  readonly measurements?: (event: Event) => Iterable<Measurement>;
}

/** The options of a gauge; `value` is required. */
export interface GaugeOptions<Event> extends EventMetricOptions<Event> {
  /** The gauge's new value. */
  readonly value: (event: Event) => number;
}

/** The options of a histogram; either `value` or `measurements` is required. */
export type HistogramOptions<Event> =
  & EventMetricOptions<Event>
  & {
    /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
    readonly buckets?: readonly number[];
  }
  & (
    | {
      /** The value to record. */
      readonly value: (event: Event) => number;
    }
    | {
      /** The values to record: none, one or several, each with its own attributes. */
      readonly measurements: (event: Event) => Iterable<Measurement>;
    }
  );

/** The options of a metric that is measured between a start and an end event. */
export interface PairMetricOptions<Start, End> extends MetricOptions {
  /** The attributes of the series that the value goes to. Default: none. */
  readonly attributes?: (end: End, start: Start) => EventAttributes;
  /**
   * Tells concurrent operations of the same kind in one session apart. Default: the metadata's
   * `operationId`.
   */
  readonly operationId?: (event: Start | End) => OperationId;
  /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
  readonly buckets?: readonly number[];
}

/** The options of a duration. */
export interface DurationOptions<Start, End> extends PairMetricOptions<Start, End> {
  /** `"s"` or `"ms"`. Default: `"s"`. */
  readonly unit?: "s" | "ms";
}

/** The options of a throughput. */
export interface ThroughputOptions<Start, End> extends PairMetricOptions<Start, End> {
  /** How many bytes were moved between the two events. */
  readonly bytes: (end: End, start: Start) => number;
  /** `"GB/s"` (10^9 bytes a second) or `"By/s"`. Default: `"GB/s"`. */
  readonly unit?: "GB/s" | "By/s";
}

/** What all declared metrics have. */
export interface DeclaredInstrument {
  /** What it does with its values. */
  readonly kind: InstrumentKind;
  /** What it measures. */
  readonly description: string;
  /** Its unit, `""` if it has none. */
  readonly unit: string;
  /** How many attribute sets it holds. */
  readonly maxAttributeSets: number;
  /** The buckets' upper bounds; used by histograms only. */
  readonly buckets: readonly number[];
  /** The names of its attributes, where they were declared. */
  readonly attributeNames: readonly string[] | undefined;
}

/** A metric that single events feed. */
export interface EventMetric<Events extends object>
  extends DeclaredInstrument, DeclaredFor<Events> {
  /** Where its values come from. */
  readonly source: "event";
  /** The types that feed it. */
  readonly types: readonly string[];
  /** The value of an event; 1 where there is none. */
  readonly value: ((event: AnyEvent) => number) | undefined;
  /** The attributes of an event. */
  readonly attributes: ((event: AnyEvent) => EventAttributes) | undefined;
  /** The values of an event that has several. */
  readonly measurements: ((event: AnyEvent) => Iterable<Measurement>) | undefined;
}

/** A histogram of start–end pairs. */
export interface PairMetric<Events extends object> extends DeclaredInstrument, DeclaredFor<Events> {
  /** Where its values come from. */
  readonly source: "pair";
  /** The type that begins an operation. */
  readonly start: string;
  /** The type that ends it. */
  readonly end: string;
  /** Tells operations of one kind in one session apart. */
  readonly operationId: (event: AnyEvent) => OperationId;
  /** The value of a pair that took so many milliseconds. */
  readonly value: (end: AnyEvent, start: AnyEvent, durationMs: number) => number;
  /** The attributes of a pair. */
  readonly attributes: ((end: AnyEvent, start: AnyEvent) => EventAttributes) | undefined;
}

/** One declared metric. */
export type MetricDeclaration<Events extends object> = EventMetric<Events> | PairMetric<Events>;

/**
 * Declares a counter: each event adds 1, or what `value` returns, which must be at least 0.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function counter<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: EventMetricOptions<EventOf<Events, Type>> = {},
): EventMetric<Events> {
  return eventMetric("counter", types, options);
}

/**
 * Declares an up-down counter: each event adds 1, or what `value` returns, which may be negative.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function upDownCounter<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: EventMetricOptions<EventOf<Events, Type>> = {},
): EventMetric<Events> {
  return eventMetric("upDownCounter", types, options);
}

/**
 * Declares a gauge: it shows the value of the last event.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function gauge<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: GaugeOptions<EventOf<Events, Type>>,
): EventMetric<Events> {
  return eventMetric("gauge", types, options);
}

/**
 * Declares a histogram: it records the distribution of values over buckets.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function histogram<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: HistogramOptions<EventOf<Events, Type>>,
): EventMetric<Events> {
  return eventMetric("histogram", types, options);
}

/**
 * Declares a histogram of the time between a start and an end event, by the events' own timestamps.
 * The two are matched by their session and `operationId`.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function duration<
  Events extends object = AnyEvents,
  Start extends EventTypeOf<Events> = EventTypeOf<Events>,
  End extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  start: Start,
  end: End,
  options: DurationOptions<EventOf<Events, Start>, EventOf<Events, End>> = {},
): PairMetric<Events> {
  const { unit = "s" } = options;
  if (unit !== "s" && unit !== "ms") refuse("a duration", "unit", `"s" or "ms"`, unit);
  const perMs = unit === "s" ? 1_000 : 1;
  return pairMetric("a duration", start, end, unit, options, (_end, _start, ms) => ms / perMs);
}

/**
 * Declares a histogram of bytes per second between a start and an end event. A pair whose timestamps
 * are equal is ignored and counted.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
export function throughput<
  Events extends object = AnyEvents,
  Start extends EventTypeOf<Events> = EventTypeOf<Events>,
  End extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  start: Start,
  end: End,
  options: ThroughputOptions<EventOf<Events, Start>, EventOf<Events, End>>,
): PairMetric<Events> {
  const { unit = "GB/s", bytes } = options;
  if (unit !== "GB/s" && unit !== "By/s") {
    refuse("a throughput", "unit", `"GB/s" or "By/s"`, unit);
  }
  if (typeof bytes !== "function") refuse("a throughput", "bytes", "a function", bytes);
  const perUnit = unit === "GB/s" ? 1e9 : 1;
  const measure = bytes as (end: AnyEvent, start: AnyEvent) => number;
  return pairMetric(
    "a throughput",
    start,
    end,
    unit,
    options,
    (end, start, ms) => measure(end, start) / (ms / 1_000) / perUnit,
  );
}

function eventMetric<Events extends object>(
  kind: InstrumentKind,
  types: string | readonly string[],
  // deno-lint-ignore no-explicit-any -- the factories' signatures checked it
  options: EventMetricOptions<any> & { readonly buckets?: readonly number[] } = {},
): EventMetric<Events> {
  const what = `a ${kind}`;
  const list = typesOf(what, "types", types);
  if (list.length === 0) refuse(what, "types", "at least one event type", "none");
  const { value, attributes, measurements } = options;
  assertFunctions(what, { value, attributes, measurements });
  if (measurements !== undefined && (value !== undefined || attributes !== undefined)) {
    refuse(what, "measurements", "given instead of value and attributes", "both");
  }
  if ((kind === "gauge" || kind === "histogram") && !value && !measurements) {
    refuse(what, "value", "a function", value);
  }
  return {
    source: "event",
    types: list,
    value,
    attributes,
    measurements,
    ...instrument(what, kind, options.unit ?? "", options),
  };
}

function pairMetric<Events extends object>(
  what: string,
  start: string,
  end: string,
  unit: string,
  // deno-lint-ignore no-explicit-any -- the factories' signatures checked it
  options: PairMetricOptions<any, any>,
  value: PairMetric<Events>["value"],
): PairMetric<Events> {
  assertType(what, "start", start);
  assertType(what, "end", end);
  if (start === end) refuse(what, "end", "another type than start", end);
  const { operationId = defaultOperationId, attributes } = options;
  assertFunctions(what, { operationId, attributes });
  return {
    source: "pair",
    start,
    end,
    operationId,
    attributes,
    value,
    ...instrument(what, "histogram", unit, options),
  };
}

function instrument(
  what: string,
  kind: InstrumentKind,
  unit: string,
  options: MetricOptions & { readonly buckets?: readonly number[] },
): DeclaredInstrument {
  const { description = "", maxAttributeSets = DEFAULT_MAX_ATTRIBUTE_SETS } = options;
  const buckets = options.buckets ?? bucketsFor(unit);
  if (typeof unit !== "string") refuse(what, "unit", "a string", unit);
  if (typeof description !== "string") refuse(what, "description", "a string", description);
  if (!Number.isInteger(maxAttributeSets) || maxAttributeSets < 2) {
    refuse(what, "maxAttributeSets", "an integer of at least 2", maxAttributeSets);
  }
  if (!Array.isArray(buckets)) refuse(what, "buckets", "finite and ascending", buckets);
  const ascending = buckets.every((bound, i) =>
    Number.isFinite(bound) && (i === 0 || bound > (buckets[i - 1] as number))
  );
  if (!ascending) refuse(what, "buckets", "finite and ascending", buckets.join(", "));
  const { attributeNames } = options;
  return { kind, description, unit, maxAttributeSets, buckets: [...buckets], attributeNames };
}
