/**
 * The upper bounds of a histogram's buckets by unit, chosen so that a service's usual values fall
 * into the middle. Seconds are those of OpenTelemetry's HTTP conventions.
 */
const BUCKETS: Readonly<Record<string, readonly number[]>> = {
  "s": [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  "ms": [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
  "By": [2 ** 8, 2 ** 10, 2 ** 12, 2 ** 14, 2 ** 16, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26]
    .concat(2 ** 28, 2 ** 30),
  "1": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
  "GB/s": [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
  "By/s": [1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10, 2.5e10, 5e10, 1e11],
};

/** For counts and other units: OpenTelemetry's own defaults. */
export const DEFAULT_BUCKETS: readonly number[] = [
  0,
  5,
  10,
  25,
  50,
  75,
  100,
  250,
  500,
  750,
  1_000,
  2_500,
  5_000,
  7_500,
  10_000,
];

/** The bucket bounds for a unit unless a declaration gives its own. */
export function bucketsFor(unit: string): readonly number[] {
  return (Object.hasOwn(BUCKETS, unit) ? BUCKETS[unit] : undefined) ?? DEFAULT_BUCKETS;
}
