import { wallMs } from "../internal/clocks.ts";
import { ANCHOR_INTERVAL_MS, JITTER_MS, SLEW } from "../internal/tuning.ts";
import type { Failures } from "./failures.ts";

/** What the clock is made of; tests put their own in. */
export interface ClockSources {
  /** The wall clock, in whole milliseconds since the epoch. */
  readonly wallMs: () => number;
  /** A clock that never goes back, in milliseconds with fractions. */
  readonly monotonicMs: () => number;
}

/**
 * Makes a clock in milliseconds since the epoch, with sub-millisecond steps, that never runs
 * backwards. It runs on the monotonic clock and compares itself with the wall clock about once a
 * second: it jumps forward with a forward correction (the machine slept, its clock was set), and
 * after a backward one it runs at half speed until the wall clock has caught up.
 *
 * `performance.timeOrigin + performance.now()` alone would keep every such difference for ever.
 */
export function createClock({ wallMs, monotonicMs }: ClockSources): () => number {
  let anchorMonotonic = NaN;
  let anchorTime = NaN;
  // At the first reading, not before: where a module is evaluated, clocks may stand at 0.
  let nextAnchor = -Infinity;
  let rate = 1;
  let last = -Infinity;
  return () => {
    const monotonic = monotonicMs();
    let time = anchorTime + (monotonic - anchorMonotonic) * rate;
    // A monotonic clock that steps back (some virtual machines) must not show.
    if (time < last) time = last;
    if (monotonic >= nextAnchor) {
      const wall = wallMs();
      const ahead = time - wall;
      // So it is at the first reading, when there is no difference yet.
      if (!(ahead >= -JITTER_MS)) time = wall;
      const isAhead = ahead > JITTER_MS;
      rate = isAhead ? 1 - SLEW : 1;
      // While slowing down, look again just when it should have been met.
      nextAnchor = monotonic + Math.min(ANCHOR_INTERVAL_MS, isAhead ? ahead / SLEW : Infinity);
      anchorTime = time;
      anchorMonotonic = monotonic;
    }
    return last = time;
  };
}

/** A user's clock, with the wall clock in its place whenever it throws, re-enters or gives no number. */
export function guardClock(clock: () => number, failures: Failures): () => number {
  let isReading = false;
  return () => {
    // It publishes, or has failed and this is for the report of it.
    if (isReading) return wallMs();
    isReading = true;
    try {
      const time = clock();
      if (Number.isFinite(time)) return time;
      throw new TypeError(`${time} is no time`);
    } catch (error) {
      failures.count("(clock)", "reading the time", error);
      return wallMs();
    } finally {
      isReading = false;
    }
  };
}
