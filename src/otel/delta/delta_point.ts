import type { DataPoint, Histogram } from "@opentelemetry/sdk-metrics";
import { earlier, isAfter, later, type PointTime } from "./point_time.ts";

/** What a data point that can be a delta holds. */
export type Value = number | Histogram;

/** What bounds the start of a series that has not been seen before. */
export interface Since {
  /** The end of the last push of its metric that was taken. */
  readonly takenUntil: PointTime | undefined;
  /** When the conversion began. */
  readonly createdAt: PointTime;
}

/** The delta of a series since it was taken last; `undefined` if nothing has come since. */
export function deltaOf(
  point: DataPoint<Value>,
  taken: DataPoint<Value> | undefined,
  since: Since,
): DataPoint<Value> | undefined {
  const { attributes, endTime } = point;
  if (taken === undefined) {
    return { attributes, startTime: firstStart(point, since), endTime, value: whole(point.value) };
  }
  const restarted = isRestart(point, taken);
  const value = restarted ? undefined : difference(point.value, taken.value);
  if (value === undefined) {
    const startTime = restarted ? point.startTime : taken.endTime;
    // A start that is the end says nothing of when the source started over.
    const known = isAfter(endTime, startTime) ? startTime : earlier(taken.endTime, endTime);
    return { attributes, startTime: known, endTime, value: whole(point.value) };
  }
  if ((typeof value === "number" ? value : value.count) === 0) return undefined;
  // A clock that was set back must not make an interval end before it starts.
  return { attributes, startTime: earlier(taken.endTime, endTime), endTime, value };
}

function firstStart({ startTime, endTime }: DataPoint<Value>, since: Since): PointTime {
  // The first observation of the SDK's observable counters starts when it ends.
  const isKnown = isAfter(endTime, startTime);
  const start = isKnown ? startTime : since.takenUntil ?? since.createdAt;
  const latest = since.takenUntil === undefined ? start : later(start, since.takenUntil);
  return isAfter(endTime, latest) ? latest : earlier(startTime, endTime);
}

/**
 * Whether the source started over after the series was taken. A start that merely wavers, as that
 * of a source which computes it each time, is none.
 */
function isRestart({ startTime }: DataPoint<Value>, taken: DataPoint<Value>): boolean {
  return isAfter(startTime, taken.startTime) && !isAfter(taken.endTime, startTime);
}

/** `undefined` if a value is below what was taken: the source started over. */
function difference(value: Value, taken: Value): Value | undefined {
  if (typeof value === "number" || typeof taken === "number") {
    const difference = (value as number) - (taken as number);
    return difference >= 0 ? difference : undefined;
  }
  const { boundaries } = value.buckets;
  if (
    value.count < taken.count || boundaries.length !== taken.buckets.boundaries.length ||
    boundaries.some((bound, index) => bound !== taken.buckets.boundaries[index])
  ) return undefined;
  const counts: number[] = [];
  for (let index = 0; index < value.buckets.counts.length; index++) {
    const difference = (value.buckets.counts[index] as number) - (taken.buckets.counts[index] ?? 0);
    if (difference < 0) return undefined;
    counts.push(difference);
  }
  return {
    buckets: { boundaries, counts },
    count: value.count - taken.count,
    ...(value.sum === undefined ? {} : { sum: value.sum - (taken.sum ?? 0) }),
  };
}

/** All of a value, without the extremes that no delta has. */
function whole(value: Value): Value {
  if (typeof value === "number") return value;
  const { buckets, count, sum } = value;
  return { buckets, count, ...(sum === undefined ? {} : { sum }) };
}
