/** How much of what comes and goes is tracked; checked by the caller. */
export interface TrackingOptions {
  /** The share that is tracked, from 0 to 1. */
  readonly sampleRatio: number;
  /** How many are tracked at most; at least 1. */
  readonly maxTracked: number;
}

/** Clocks step back; nothing took less than no time. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
