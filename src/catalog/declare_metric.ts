import type { AnyEvents } from "../events/event_map.ts";
import { bucketsFor } from "./buckets.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertNames,
  assertOptions,
  assertPair,
  defaultOperationId,
  invalidDeclaration,
  typesOf,
} from "./declaration.ts";
import { initialAttributesOf } from "./initial_attributes.ts";
import { countsOf, zeroed } from "./measurements.ts";
import type {
  DeclaredInstrument,
  EventMetric,
  InstrumentKind,
  PairMetric,
  ReadMetric,
} from "./metric.ts";
import {
  type CounterOptions,
  DEFAULT_MAX_ATTRIBUTE_SETS,
  type DurationOptions,
  type EventMetricOptions,
  type HistogramOptions,
  type MetricOptions,
  type ReadGaugeOptions,
  type ThroughputOptions,
} from "./metric_options.ts";

// The factories of `declare`, without the types of their events: its signatures check those.

/** The names of an options type, none missing and none too many. */
type NamesOf<Options> = Readonly<Record<keyof Options, true>>;

const DESCRIBED: NamesOf<Omit<MetricOptions, "attributeValues" | "maxIdleMs">> = {
  description: true,
  unit: true,
  maxAttributeSets: true,
  attributeNames: true,
};
const READ_GAUGE: NamesOf<ReadGaugeOptions> = { ...DESCRIBED, read: true, combine: true };
const METRIC: NamesOf<MetricOptions> = { ...DESCRIBED, attributeValues: true, maxIdleMs: true };
const EVENT: NamesOf<EventMetricOptions<AnyEvent>> = {
  ...METRIC,
  value: true,
  attributes: true,
  counts: true,
  measurements: true,
};
const COUNTER: NamesOf<CounterOptions<AnyEvent>> = { ...EVENT, zeroAt: true };
const HISTOGRAM: NamesOf<Omit<HistogramOptions<AnyEvent>, "combine">> = { ...EVENT, buckets: true };
const DURATION: NamesOf<DurationOptions<AnyEvent, AnyEvent>> = {
  ...METRIC,
  attributes: true,
  operationId: true,
  acrossSessions: true,
  buckets: true,
};
const THROUGHPUT: NamesOf<ThroughputOptions<AnyEvent, AnyEvent>> = { ...DURATION, bytes: true };

/** How gauges of several threads may be combined. */
const COMBINATIONS: readonly DeclaredInstrument["combine"][] = [
  "sum",
  "max",
  "min",
  "mean",
  "thread",
];

/** What any of these metrics may be given. */
type AnyOptions = CounterOptions<AnyEvent, string, AnyEvent> & {
  readonly buckets?: readonly number[] | undefined;
  readonly combine?: DeclaredInstrument["combine"];
};

const KNOWN: Readonly<Record<InstrumentKind, readonly string[]>> = {
  counter: Object.keys(COUNTER),
  upDownCounter: Object.keys(COUNTER),
  gauge: [...Object.keys(EVENT), "combine"],
  histogram: Object.keys(HISTOGRAM),
};

/** Declares a metric that single events feed. */
export function declareEventMetric(
  kind: InstrumentKind,
  types: string | readonly string[],
  options: AnyOptions = {},
): EventMetric<AnyEvents> {
  const what = kind === "upDownCounter" ? "an upDownCounter" : `a ${kind}`;
  const list = typesOf(what, "types", types);
  if (list.length === 0) invalidDeclaration(what, "types", "at least one event type", types);
  assertOptions(what, options, KNOWN[kind]);
  const zeroAt = typesOf(what, "zeroAt", options.zeroAt ?? []);
  for (const type of zeroAt) {
    if (list.includes(type)) invalidDeclaration(what, "zeroAt", "other types than types", type);
  }
  const { value, attributes, counts, measurements } = options;
  assertFunctions(what, { value, attributes, measurements });
  if (measurements !== undefined && (value ?? attributes ?? counts) !== undefined) {
    const rule = "given instead of value, attributes and counts";
    invalidDeclaration(what, "measurements", rule, "both");
  }
  if (counts !== undefined && value !== undefined) {
    invalidDeclaration(what, "counts", "given instead of value", "both");
  }
  if ((kind === "gauge" || kind === "histogram") && !value && !measurements && !counts) {
    invalidDeclaration(what, "value", "a function", value);
  }
  if (kind === "gauge" && options.attributeValues !== undefined) {
    invalidDeclaration(
      what,
      "attributeValues",
      "absent, for a gauge shows nothing before its first value",
      options.attributeValues,
    );
  }
  return {
    source: "event",
    types: [...list, ...zeroAt],
    ...zeroed(
      zeroAt,
      counts === undefined ? { value, attributes, measurements } : {
        value: undefined,
        ...countsOf(what, counts, attributes),
      },
    ),
    ...instrument(what, kind, options.unit ?? "", {
      ...options,
      hasAttributes: (attributes ?? counts ?? measurements) !== undefined,
    }),
  };
}

/** Declares a gauge that is read when metrics are collected. */
export function declareReadGauge(options: ReadGaugeOptions): ReadMetric<AnyEvents> {
  const what = "a gauge";
  assertOptions(what, options, Object.keys(READ_GAUGE));
  const { read, unit = "" } = options;
  if (typeof read !== "function") invalidDeclaration(what, "read", "a function", read);
  const declared = instrument(what, "gauge", unit, { ...options, hasAttributes: true });
  return { source: "read", read, ...declared };
}

/** Declares a histogram of durations. */
export function declareDuration(
  start: string,
  end: string,
  options: DurationOptions<AnyEvent, AnyEvent> = {},
): PairMetric<AnyEvents> {
  const what = "a duration";
  assertPair(what, start, end);
  assertOptions(what, options, Object.keys(DURATION));
  const { unit = "s" } = options;
  if (unit !== "s" && unit !== "ms") invalidDeclaration(what, "unit", `"s" or "ms"`, unit);
  const perMs = unit === "s" ? 1_000 : 1;
  // Clocks step back; nothing took less than no time.
  const value = (_end: AnyEvent, _start: AnyEvent, ms: number) => Math.max(0, ms) / perMs;
  const readsStart = readsSecond(options.attributes);
  return pairMetric(what, { start, end, unit, value, readsStart }, options);
}

/** Declares a histogram of throughputs. */
export function declareThroughput(
  start: string,
  end: string,
  options: ThroughputOptions<AnyEvent, AnyEvent>,
): PairMetric<AnyEvents> {
  const what = "a throughput";
  assertPair(what, start, end);
  assertOptions(what, options, Object.keys(THROUGHPUT));
  const { unit = "GB/s", bytes } = options;
  if (unit !== "GB/s" && unit !== "By/s") {
    invalidDeclaration(what, "unit", `"GB/s" or "By/s"`, unit);
  }
  if (typeof bytes !== "function") invalidDeclaration(what, "bytes", "a function", bytes);
  const perUnit = unit === "GB/s" ? 1e9 : 1;
  const value: PairMetric<AnyEvents>["value"] = (end, start, ms) => {
    const moved = bytes(end, start);
    if (!moved && !Number.isNaN(moved)) return undefined;
    // What is negative is a mistake, and counted as one.
    if ((moved as number) < 0 || ms < 0) return NaN;
    return ms === 0 ? undefined : (moved as number) / (ms / 1_000) / perUnit;
  };
  const readsStart = readsSecond(bytes) || readsSecond(options.attributes);
  return pairMetric(what, { start, end, unit, value, readsStart }, options);
}

/**
 * Whether a function may read its second argument. One that declares no parameter at all may read
 * all of them: as a rest parameter, or as `arguments`.
 */
function readsSecond(given: unknown): boolean {
  return typeof given === "function" && given.length !== 1;
}

function pairMetric(
  what: string,
  { start, end, unit, value, readsStart }: Pick<
    PairMetric<AnyEvents>,
    "start" | "end" | "unit" | "value" | "readsStart"
  >,
  options: Omit<DurationOptions<AnyEvent, AnyEvent>, "unit">,
): PairMetric<AnyEvents> {
  const { operationId = defaultOperationId, attributes, acrossSessions = false } = options;
  assertFunctions(what, { operationId, attributes });
  if (typeof acrossSessions !== "boolean") {
    invalidDeclaration(what, "acrossSessions", "true or false", acrossSessions);
  }
  return {
    source: "pair",
    start,
    end,
    operationId,
    acrossSessions,
    attributes,
    value,
    readsStart,
    ...instrument(what, "histogram", unit, { ...options, hasAttributes: attributes !== undefined }),
  };
}

function instrument(
  what: string,
  kind: InstrumentKind,
  unit: string,
  options: MetricOptions & {
    readonly buckets?: readonly number[] | undefined;
    readonly combine?: DeclaredInstrument["combine"];
    readonly hasAttributes: boolean;
  },
): DeclaredInstrument {
  const { description = "", maxAttributeSets = DEFAULT_MAX_ATTRIBUTE_SETS, maxIdleMs } = options;
  const { attributeValues, attributeNames = attributeValues && Object.keys(attributeValues) } =
    options;
  if (typeof unit !== "string") invalidDeclaration(what, "unit", "a string", unit);
  if (typeof description !== "string") {
    invalidDeclaration(what, "description", "a string", description);
  }
  if (!Number.isInteger(maxAttributeSets) || maxAttributeSets < 2) {
    invalidDeclaration(what, "maxAttributeSets", "an integer of at least 2", maxAttributeSets);
  }
  if (attributeNames !== undefined) assertNames(what, "attributeNames", attributeNames);
  if (maxIdleMs !== undefined && !(Number.isFinite(maxIdleMs) && maxIdleMs > 0)) {
    invalidDeclaration(what, "maxIdleMs", "a number above 0", maxIdleMs);
  }
  const initialAttributes = initialAttributesOf(what, {
    ...options,
    attributeNames,
    maxAttributeSets,
    // A gauge shows nothing before its first value.
    startsAtZero: kind !== "gauge",
  });
  const { combine } = options;
  if (combine !== undefined && !COMBINATIONS.includes(combine)) {
    invalidDeclaration(what, "combine", `one of ${COMBINATIONS.join(", ")}`, combine);
  }
  const buckets = options.buckets ?? bucketsFor(unit);
  if (!Array.isArray(buckets)) invalidDeclaration(what, "buckets", "a list of numbers", buckets);
  for (const [i, bound] of buckets.entries()) {
    if (!Number.isFinite(bound)) {
      invalidDeclaration(what, `buckets[${i}]`, "a finite number", bound);
    }
    if (i > 0 && bound <= (buckets[i - 1] as number)) {
      invalidDeclaration(
        what,
        `buckets[${i}]`,
        `above ${buckets[i - 1]}, the bound before it`,
        bound,
      );
    }
  }
  return {
    kind,
    description,
    unit,
    maxAttributeSets,
    buckets: [...buckets],
    attributeNames,
    initialAttributes,
    maxIdleMs,
    ...combine === undefined ? {} : { combine },
  };
}
