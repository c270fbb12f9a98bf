import type { InstrumentKind } from "../../catalog/metric.ts";
import type { Attributes } from "../otel_api.ts";

/** Ties a value of a histogram to the trace it was measured in. */
export interface Exemplar {
  /** The value recorded. */
  readonly value: number;
  /** When, in milliseconds since the epoch. */
  readonly timestampMs: number;
  /** The trace, 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span, 16 hexadecimal digits. */
  readonly spanId: string;
}

/** A sum, or the last value of a gauge. */
export class NumberSeries {
  readonly attributes: Attributes;
  value = 0;
  /** The part of the value that has been reported to a meter. */
  reported = 0;
  /** Whether it has a value to report to a meter. */
  dirty = false;

  constructor(attributes: Attributes) {
    this.attributes = attributes;
  }
}

/** The distribution of values over buckets. */
export class HistogramSeries {
  readonly attributes: Attributes;
  readonly #bounds: readonly number[];
  /** One more than there are bounds. */
  readonly bucketCounts: number[];
  exemplars: (Exemplar | undefined)[] | undefined;
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  constructor(attributes: Attributes, bounds: readonly number[]) {
    this.attributes = attributes;
    this.#bounds = bounds;
    this.bucketCounts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(value: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    // A handful of bounds: walking them costs less than halving.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.bucketCounts[bucket] as number)++;
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    return bucket;
  }

  /** Sets the newest exemplar of a bucket. */
  setExemplar(bucket: number, exemplar: Exemplar): void {
    this.exemplars ??= new Array<Exemplar | undefined>(this.bucketCounts.length).fill(undefined);
    this.exemplars[bucket] = exemplar;
  }
}

/** One series at the moment of a collection. */
export interface NumberPoint {
  /** What distinguishes it from the others; the same object at each collection. */
  readonly attributes: Attributes;
  /** The sum since the start, or the last value. */
  readonly value: number;
}

/** One histogram series at the moment of a collection. */
export interface HistogramPoint {
  /** What distinguishes it from the others; the same object at each collection. */
  readonly attributes: Attributes;
  /** How many values. */
  readonly count: number;
  /** Their sum. */
  readonly sum: number;
  /** The least, if there is one. */
  readonly min: number | undefined;
  /** The greatest, if there is one. */
  readonly max: number | undefined;
  /** The buckets' upper bounds. */
  readonly bounds: readonly number[];
  /** The values in each bucket, one bucket more than bounds. */
  readonly bucketCounts: readonly number[];
  /** The newest exemplar of each bucket that has one. */
  readonly exemplars: readonly Exemplar[];
}

/** A counter, up-down counter or gauge at the moment of a collection. */
export interface CollectedNumbers {
  /** The OpenTelemetry name. */
  readonly name: string;
  /** What it does with its values. */
  readonly kind: Exclude<InstrumentKind, "histogram">;
  /** What it measures. */
  readonly description: string;
  /** Its unit. */
  readonly unit: string;
  /** When its sums began, in milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** Its series. */
  readonly points: readonly NumberPoint[];
}

/** A histogram at the moment of a collection. */
export interface CollectedHistogram {
  /** The OpenTelemetry name. */
  readonly name: string;
  /** What it does with its values. */
  readonly kind: "histogram";
  /** What it measures. */
  readonly description: string;
  /** Its unit. */
  readonly unit: string;
  /** When its sums began, in milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** Its series. */
  readonly points: readonly HistogramPoint[];
}

/** One instrument at the moment of a collection; a copy. */
export type CollectedMetric = CollectedNumbers | CollectedHistogram;
