import type { Attributes } from "../otel_api.ts";
import type { Place } from "./cells.ts";
import type { MirroredSeries } from "./mirror.ts";
import type { Exemplar, HistogramPoint } from "./series.ts";

/** Where a series has what, from its offset on; then come the buckets, one more than bounds. */
export const COUNT = 0;
export const SUM = 1;
export const MIN = 2;
export const MAX = 3;
export const BUCKETS = 4;

/** How many numbers a series has, for so many bounds. */
export function numbersOf(bounds: readonly number[]): number {
  return BUCKETS + bounds.length + 1;
}

/** The distribution of values over buckets. */
export class HistogramSeries {
  readonly attributes: Attributes;
  /** How others are shown it. */
  readonly mirrored: MirroredSeries | undefined;
  /** The newest of each bucket. */
  exemplars: (Exemplar | undefined)[] | undefined = undefined;
  #cells: Float64Array;
  #offset: number;

  constructor(attributes: Attributes, { cells, offset }: Place, mirrored?: MirroredSeries) {
    this.attributes = attributes;
    this.mirrored = mirrored;
    this.#cells = cells;
    this.#offset = offset;
    cells[offset + MIN] = Infinity;
    cells[offset + MAX] = -Infinity;
  }

  /** Takes its numbers elsewhere. */
  moveTo({ cells, offset }: Place, bounds: readonly number[]): void {
    for (let i = 0; i < numbersOf(bounds); i++) {
      cells[offset + i] = this.#cells[this.#offset + i] as number;
    }
    this.#cells = cells;
    this.#offset = offset;
  }

  /** Adds a value. @returns its bucket */
  record(value: number, bounds: readonly number[]): number {
    const cells = this.#cells;
    const offset = this.#offset;
    let bucket = 0;
    // A handful of bounds: walking them costs less than halving.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (cells[offset + BUCKETS + bucket] as number)++;
    (cells[offset + COUNT] as number)++;
    (cells[offset + SUM] as number) += value;
    if (value < (cells[offset + MIN] as number)) cells[offset + MIN] = value;
    if (value > (cells[offset + MAX] as number)) cells[offset + MAX] = value;
    return bucket;
  }

  /** Sets the newest exemplar of one of `buckets`. */
  setExemplar(bucket: number, buckets: number, exemplar: Exemplar): void {
    this.exemplars ??= new Array<Exemplar | undefined>(buckets).fill(undefined);
    this.exemplars[bucket] = exemplar;
  }

  /** The point that it was when its numbers were copied. */
  toPoint({ cells, offset }: Place, bounds: readonly number[]): HistogramPoint {
    const count = cells[offset + COUNT] as number;
    const bucketCounts: number[] = [];
    for (let i = 0; i <= bounds.length; i++) {
      bucketCounts.push(cells[offset + BUCKETS + i] as number);
    }
    return {
      attributes: this.attributes,
      count,
      sum: cells[offset + SUM] as number,
      min: count === 0 ? undefined : cells[offset + MIN] as number,
      max: count === 0 ? undefined : cells[offset + MAX] as number,
      bounds,
      bucketCounts,
      // One that came since then may be of a bucket that was empty.
      exemplars:
        this.exemplars?.filter((exemplar, bucket): exemplar is Exemplar =>
          exemplar !== undefined && (bucketCounts[bucket] as number) > 0
        ) ?? [],
    };
  }
}
