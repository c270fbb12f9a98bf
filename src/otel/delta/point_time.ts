import type { DataPoint } from "@opentelemetry/sdk-metrics";

/** Seconds since the epoch, and nanoseconds. */
export type PointTime = DataPoint<unknown>["startTime"];

/** Whether a moment is later than another. */
export function isAfter(a: PointTime, b: PointTime): boolean {
  return a[0] === b[0] ? a[1] > b[1] : a[0] > b[0];
}

/** The later of two moments. */
export function later(a: PointTime, b: PointTime): PointTime {
  return isAfter(b, a) ? b : a;
}

/** The earlier of two moments. */
export function earlier(a: PointTime, b: PointTime): PointTime {
  return isAfter(a, b) ? b : a;
}
