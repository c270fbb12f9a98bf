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

/** How many attribute sets one instrument holds unless told otherwise: OpenTelemetry's own limit. */
export const DEFAULT_MAX_ATTRIBUTE_SETS = 2_000;

/** What every metric may say of itself. */
export interface MetricOptions {
  /** What it answers; the help text of a scrape. Default: none. */
  readonly description?: string;
  /** A unit as OpenTelemetry writes it: `"s"`, `"By"`, `"1"`, or a noun. Default: none. */
  readonly unit?: string;
  /**
   * How many attribute sets the instrument holds, OpenTelemetry's overflow series among them: what
   * comes after is counted there, so that totals stay exact. An integer of at least 2. Default:
   * {@linkcode DEFAULT_MAX_ATTRIBUTE_SETS}.
   */
  readonly maxAttributeSets?: number;
  /**
   * The names of its attributes, for the documents and dashboards made from a catalog. Default: the
   * names that `attributes` gives for an event of any metadata, which it is asked with.
   */
  readonly attributeNames?: readonly string[];
}

/** One value with the attributes it belongs to. */
export interface Measurement {
  /** What is added or recorded. One that is no finite number is left out and counted. */
  readonly value: number;
  /** What tells the series apart. */
  readonly attributes?: EventAttributes;
}

/** How an event becomes a value. */
export interface EventMetricOptions<Event> extends MetricOptions {
  /** What the event adds. Default: 1. */
  readonly value?: (event: Event) => number;
  /** What tells the series apart: keep them few, see `maxAttributeSets`. Default: none. */
  readonly attributes?: (event: Event) => EventAttributes;
  /** For events that add to several series: instead of `value` and `attributes`. */
  readonly measurements?: (event: Event) => Iterable<Measurement>;
}

/** The options of a gauge: what it shows has no default. */
export interface GaugeOptions<Event> extends EventMetricOptions<Event> {
  /** What the gauge shows from now on. */
  readonly value: (event: Event) => number;
}

/** The options of a histogram: what it records has no default. */
export type HistogramOptions<Event> =
  & EventMetricOptions<Event>
  & {
    /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
    readonly buckets?: readonly number[];
  }
  & (
    | {
      /** What is recorded. */
      readonly value: (event: Event) => number;
    }
    | {
      /** What is recorded: none, one or several values, each with attributes of its own. */
      readonly measurements: (event: Event) => Iterable<Measurement>;
    }
  );

/** How a start and its end become a value. */
export interface PairMetricOptions<Start, End> extends MetricOptions {
  /** What tells the series apart. Default: none. */
  readonly attributes?: (end: End, start: Start) => EventAttributes;
  /** Tells operations of one kind in one session apart. Default: the metadata's `operationId`. */
  readonly operationId?: (event: Start | End) => OperationId;
  /** The buckets' upper bounds, ascending. Default: bounds that fit the unit. */
  readonly buckets?: readonly number[];
}

/** A duration's options. */
export interface DurationOptions<Start, End> extends PairMetricOptions<Start, End> {
  /** `"s"` or `"ms"`. Default: `"s"`. */
  readonly unit?: "s" | "ms";
}

/** A throughput's options. */
export interface ThroughputOptions<Start, End> extends PairMetricOptions<Start, End> {
  /** How much was moved between the two events, in bytes. */
  readonly bytes: (end: End, start: Start) => number;
  /** `"GB/s"` (10^9 bytes a second) or `"By/s"`. Default: `"GB/s"`. */
  readonly unit?: "GB/s" | "By/s";
}

/** What all declared metrics have. */
export interface DeclaredInstrument {
  /** What it does with its values. */
  readonly kind: InstrumentKind;
  /** What it answers. */
  readonly description: string;
  /** Its unit, `""` if it has none. */
  readonly unit: string;
  /** How many attribute sets it holds. */
  readonly maxAttributeSets: number;
  /** Of histograms only. */
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

/** Counts: each event adds 1, or what `value` says (at least 0). */
export function counter<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: EventMetricOptions<EventOf<Events, Type>> = {},
): EventMetric<Events> {
  return eventMetric("counter", types, options);
}

/** Adds and takes away: each event adds 1, or what `value` says, which may be negative. */
export function upDownCounter<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: EventMetricOptions<EventOf<Events, Type>> = {},
): EventMetric<Events> {
  return eventMetric("upDownCounter", types, options);
}

/** Shows the last value told. */
export function gauge<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: GaugeOptions<EventOf<Events, Type>>,
): EventMetric<Events> {
  return eventMetric("gauge", types, options);
}

/** Records how values are distributed over buckets. */
export function histogram<
  Events extends object = AnyEvents,
  Type extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  types: Type | readonly Type[],
  options: HistogramOptions<EventOf<Events, Type>>,
): EventMetric<Events> {
  return eventMetric("histogram", types, options);
}

/** Records how long it takes from a start to its end, by the events' own timestamps. */
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

/** Records how fast bytes were moved between a start and its end. A pair that took no time at all is left out and counted. */
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
  options: EventMetricOptions<any> & { readonly buckets?: readonly number[] },
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
