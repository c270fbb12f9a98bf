import type { InstrumentKind } from "../../catalog/metric.ts";
import type { Attributes } from "../otel_api.ts";
import type { Place } from "./cells.ts";

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
  #cells: Float64Array;
  #offset: number;

  constructor(attributes: Attributes, { cells, offset }: Place) {
    this.attributes = attributes;
    this.#cells = cells;
    this.#offset = offset;
  }

  /** Takes its number elsewhere. */
  moveTo({ cells, offset }: Place): void {
    cells[offset] = this.value;
    this.#cells = cells;
    this.#offset = offset;
  }

  get value(): number {
    return this.#cells[this.#offset] as number;
  }

  set value(value: number) {
    this.#cells[this.#offset] = value;
  }
}

/** One that is reported to a meter. */
export class ReportedSeries extends NumberSeries {
  /** The part of the value that has been reported. */
  reported = 0;
  /** Whether it has a value to report. */
  dirty = false;
}

/** One series at the moment of a collection. */
export interface NumberPoint {
  /** What distinguishes it from the others; the same object at each collection. */
  readonly attributes: Attributes;
  /** The sum since the start, or the last value. */
  readonly value: number;
  /**
   * When its sum began, in milliseconds since the epoch, where that is later than the metric's own
   * start.
   */
  readonly startTimeMs?: number | undefined;
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
  /**
   * When its values began, in milliseconds since the epoch, where that is later than the metric's own
   * start.
   */
  readonly startTimeMs?: number | undefined;
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
