import type { MirroredInstrument } from "../../subscribers/metrics/mirror.ts";
import type { Exemplar, HistogramPoint, NumberPoint } from "../../subscribers/metrics/series.ts";
import type { Attributes } from "../../subscribers/otel_api.ts";
import { BUCKETS, COUNT, MAX, MIN, SUM } from "../../subscribers/metrics/histogram_series.ts";

/** How many threads a series has numbers of; then come the numbers. */
const THREADS = 0;
const NUMBERS = 1;

/** Adds a thread's numbers to the sum's. */
export function addPoint(
  { kind, combine, numbers }: MirroredInstrument,
  read: readonly number[],
  sums: Float64Array,
  offset: number,
): void {
  const at = offset + NUMBERS;
  const isFirst = sums[offset + THREADS] === 0;
  if (kind === "histogram") {
    // One without a value has no least one.
    if ((read[COUNT] as number) > 0) addExtremes(read, sums, at);
    for (let i = BUCKETS; i < numbers; i++) (sums[at + i] as number) += read[i] as number;
    (sums[at + SUM] as number) += read[SUM] as number;
    (sums[at + COUNT] as number) += read[COUNT] as number;
  } else {
    const value = read[0] as number;
    // A gauge has none where there was none to read.
    if (Number.isNaN(value)) return;
    const total = sums[at] as number;
    if (isFirst || kind !== "gauge") sums[at] = isFirst ? value : total + value;
    else if (combine === "max") sums[at] = Math.max(total, value);
    else if (combine === "min") sums[at] = Math.min(total, value);
    else if (combine === "thread") sums[at] = value;
    else sums[at] = total + value;
  }
  (sums[offset + THREADS] as number)++;
}

function addExtremes(read: readonly number[], sums: Float64Array, at: number): void {
  const isFirst = sums[at + COUNT] === 0;
  const min = read[MIN] as number;
  const max = read[MAX] as number;
  sums[at + MIN] = isFirst ? min : Math.min(sums[at + MIN] as number, min);
  sums[at + MAX] = isFirst ? max : Math.max(sums[at + MAX] as number, max);
}

/** The point of a series of the sum. */
export function pointOf(
  { kind, combine, bounds }: MirroredInstrument,
  attributes: Attributes,
  { sums, offset, exemplars = [] }: {
    readonly sums: Float64Array;
    readonly offset: number;
    readonly exemplars: readonly (Exemplar | undefined)[] | undefined;
  },
): NumberPoint | HistogramPoint {
  const at = offset + NUMBERS;
  if (kind !== "histogram") {
    const value = sums[at] as number;
    const isMean = kind === "gauge" && combine === "mean";
    return { attributes, value: isMean ? value / (sums[offset + THREADS] as number) : value };
  }
  const count = sums[at + COUNT] as number;
  const bucketCounts: number[] = [];
  for (let i = 0; i <= bounds.length; i++) bucketCounts.push(sums[at + BUCKETS + i] as number);
  return {
    attributes,
    count,
    sum: sums[at + SUM] as number,
    min: count === 0 ? undefined : sums[at + MIN] as number,
    max: count === 0 ? undefined : sums[at + MAX] as number,
    bounds,
    bucketCounts,
    // One of a slice that came since is of a bucket that may be empty.
    exemplars: exemplars.filter((exemplar, bucket): exemplar is Exemplar =>
      exemplar !== undefined && (bucketCounts[bucket] as number) > 0
    ),
  };
}
