import type { ExponentialHistogram } from "@opentelemetry/sdk-metrics";
import type { Exemplar } from "../../subscribers/metrics/series.ts";

/** A histogram as both formats write it. */
export interface ExplicitHistogram {
  /** The finite upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** How many values each bucket holds, the one above all bounds last. */
  readonly counts: readonly number[];
  /** The sum of the values; `undefined` where it is not known. */
  readonly sum: number | undefined;
  /** Whether the sum only grows, as a counter's does: no value is negative, and none may be. */
  readonly sumGrows: boolean;
  /** At most one for each bucket. */
  readonly exemplars: readonly Exemplar[];
}

/** The SDK's own histogram; some producers list a last bound of infinity, others do not. */
export function explicitHistogram(
  value: {
    buckets: { boundaries: readonly number[]; counts: readonly number[] };
    sum?: number;
    min?: number;
    count: number;
  },
  exemplars: readonly Exemplar[],
): ExplicitHistogram {
  let { boundaries: bounds, counts } = value.buckets;
  if (counts.length === 0) [bounds, counts] = [[], [value.count]];
  if (bounds[bounds.length - 1] === Infinity) bounds = finite(bounds);
  return { bounds, counts, sum: value.sum, sumGrows: sumGrows(bounds, value), exemplars };
}

/**
 * Whether all values are known to be at least 0, and such that are not have no bucket of their own.
 */
function sumGrows(
  [lowest = 0]: readonly number[],
  { sum = NaN, min = 0 }: { sum?: number; min?: number },
): boolean {
  return lowest >= 0 && min >= 0 && sum >= 0;
}

const finiteBounds = new WeakMap<readonly number[], readonly number[]>();

function finite(bounds: readonly number[]): readonly number[] {
  let known = finiteBounds.get(bounds);
  if (known === undefined) finiteBounds.set(bounds, known = bounds.slice(0, -1));
  return known;
}

/** Adds up two histograms of the same bounds; `undefined` if theirs differ. */
export function addHistograms(
  a: ExplicitHistogram,
  b: ExplicitHistogram,
): ExplicitHistogram | undefined {
  if (a.bounds.length !== b.bounds.length) return undefined;
  if (a.bounds.some((bound, i) => bound !== b.bounds[i])) return undefined;
  return {
    bounds: a.bounds,
    counts: Array.from(
      { length: a.bounds.length + 1 },
      (_, i) => (a.counts[i] ?? 0) + (b.counts[i] ?? 0),
    ),
    sum: a.sum === undefined || b.sum === undefined ? undefined : a.sum + b.sum,
    sumGrows: a.sumGrows && b.sumGrows,
    exemplars: [...a.exemplars, ...b.exemplars],
  };
}

/**
 * The finest scale that exponential histograms are written in: each bound is the one before times
 * √2. The SDK's scale changes with the spread of the values, from one scrape to the next, and new
 * bounds each time would make new series; on one scale a bound keeps its meaning.
 */
const WRITTEN_SCALE = 1;

/**
 * An exponential histogram with its buckets written out, which neither text format can say
 * otherwise.
 */
export function explicitBuckets(
  value: ExponentialHistogram,
  exemplars: readonly Exemplar[],
): ExplicitHistogram {
  const shift = Math.max(0, value.scale - WRITTEN_SCALE);
  const scale = value.scale - shift;
  const bounds: number[] = [];
  const counts: number[] = [];
  // What lies below or above all numbers has no bound of its own, nor has what rounds to another's.
  let carried = 0;
  const push = (bound: number, count: number) => {
    if (!Number.isFinite(bound)) carried += count;
    else if (bound === bounds.at(-1)) counts.push((counts.pop() ?? 0) + count);
    else {
      bounds.push(bound);
      counts.push(count + carried);
      carried = 0;
    }
  };
  const negative = coarser(value.negative, shift);
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    push(-power(scale, negative.first + i), negative.counts[i] ?? 0);
  }
  if (value.zeroCount > 0 || negative.counts.length > 0) push(0, value.zeroCount);
  const positive = coarser(value.positive, shift);
  if (positive.counts.length > 0 && bounds.length === 0) push(power(scale, positive.first), 0);
  positive.counts.forEach((count, i) => push(power(scale, positive.first + i + 1), count));
  counts.push(carried);
  return { bounds, counts, sum: value.sum, sumGrows: sumGrows(bounds, value), exemplars };
}

/** 2^(index / 2^scale), without leaving the range of numbers on the way. */
function power(scale: number, index: number): number {
  return 2 ** (index / 2 ** scale);
}

function coarser(
  { offset, bucketCounts }: { offset: number; bucketCounts: readonly number[] },
  shift: number,
): { first: number; counts: number[] } {
  const counts: number[] = [];
  const first = Math.floor(offset / 2 ** shift);
  bucketCounts.forEach((count, i) => {
    const index = Math.floor((offset + i) / 2 ** shift) - first;
    while (counts.length <= index) counts.push(0);
    counts[index] = (counts[index] ?? 0) + count;
  });
  // The SDK writes an empty range as one empty bucket.
  return counts.every((count) => count === 0) ? { first, counts: [] } : { first, counts };
}
