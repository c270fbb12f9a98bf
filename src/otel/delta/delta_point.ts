import type { DataPoint, Histogram } from "@opentelemetry/sdk-metrics";
import { earlier, isAfter, later, type PointTime } from "./point_time.ts";

/** What a data point that can be a delta holds. */
export type Value = number | Histogram;

/** What bounds the start of a series that has not been seen before. */
export interface Since {
  /** The end of the last push of its metric that was committed. */
  readonly committedUntil: PointTime | undefined;
  /** When the conversion began. */
  readonly createdAt: PointTime;
}

/** The delta of a series since its last commit; `undefined` if nothing has come since. */
export function deltaOf(
  point: DataPoint<Value>,
  committed: DataPoint<Value> | undefined,
  since: Since,
): DataPoint<Value> | undefined {
  const { attributes, endTime } = point;
  if (committed === undefined) {
    return { attributes, startTime: firstStart(point, since), endTime, value: whole(point.value) };
  }
  const restarted = isRestart(point, committed);
  const value = restarted ? undefined : difference(point.value, committed.value);
  if (value === undefined) {
    const startTime = restarted ? point.startTime : committed.endTime;
    // A start that is the end says nothing of when the source started over.
    const known = isAfter(endTime, startTime) ? startTime : earlier(committed.endTime, endTime);
    return { attributes, startTime: known, endTime, value: whole(point.value) };
  }
  if ((typeof value === "number" ? value : value.count) === 0) return undefined;
  // A clock that was set back must not make an interval end before it starts.
  return { attributes, startTime: earlier(committed.endTime, endTime), endTime, value };
}

function firstStart({ startTime, endTime }: DataPoint<Value>, since: Since): PointTime {
  // The first observation of the SDK's observable counters starts when it ends.
  const isKnown = isAfter(endTime, startTime);
  const start = isKnown ? startTime : since.committedUntil ?? since.createdAt;
  const latest = since.committedUntil === undefined ? start : later(start, since.committedUntil);
  return isAfter(endTime, latest) ? latest : earlier(startTime, endTime);
}

/**
 * Whether the source started over after the last commit of the series. A start that merely wavers,
 * as that of a source which computes it each time, is none.
 */
function isRestart({ startTime }: DataPoint<Value>, committed: DataPoint<Value>): boolean {
  return isAfter(startTime, committed.startTime) && !isAfter(committed.endTime, startTime);
}

/** `undefined` if a value is below what was committed: the source started over. */
function difference(value: Value, committed: Value): Value | undefined {
  if (typeof value === "number" || typeof committed === "number") {
    const difference = (value as number) - (committed as number);
    return difference >= 0 ? difference : undefined;
  }
  const { boundaries } = value.buckets;
  if (
    value.count < committed.count || boundaries.length !== committed.buckets.boundaries.length ||
    boundaries.some((bound, index) => bound !== committed.buckets.boundaries[index])
  ) return undefined;
  const counts: number[] = [];
  for (let index = 0; index < value.buckets.counts.length; index++) {
    const difference = (value.buckets.counts[index] as number) -
      (committed.buckets.counts[index] ?? 0);
    if (difference < 0) return undefined;
    counts.push(difference);
  }
  return {
    buckets: { boundaries, counts },
    count: value.count - committed.count,
    ...(value.sum === undefined ? {} : { sum: value.sum - (committed.sum ?? 0) }),
  };
}

/** All of a value, without the extremes that no delta has. */
function whole(value: Value): Value {
  if (typeof value === "number") return value;
  const { buckets, count, sum } = value;
  return { buckets, count, ...(sum === undefined ? {} : { sum }) };
}
