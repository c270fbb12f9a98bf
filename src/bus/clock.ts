import { monotonicMs, wallMs } from "../internal/clocks.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import { ANCHOR_INTERVAL_MS, JITTER_MS, SLEW } from "../internal/tuning.ts";
import type { Failures } from "./failures.ts";

/**
 * Makes a clock in milliseconds since the epoch, with sub-millisecond steps, that never runs
 * backwards. It runs on the monotonic clock and compares itself with the wall clock about once a
 * second: it jumps forward with a forward correction (the machine slept, its clock was set), and
 * after a backward one it runs at half speed until the wall clock has caught up.
 *
 * `performance.timeOrigin + performance.now()` alone would keep every such difference for ever.
 *
 * @param readMs reads a clock that never goes back, in milliseconds with fractions
 * @param readWallMs reads the wall clock, in whole milliseconds since the epoch
 */
export function createClock(
  readMs: () => number = monotonicMs,
  readWallMs: () => number = wallMs,
): () => number {
  let anchorMonotonic = NaN;
  let anchorTime = NaN;
  // At the first reading, not before: where a module is evaluated, clocks may stand at 0.
  let nextAnchor = -Infinity;
  let rate = 1;
  // The last reading. Changed in place: as a variable, each would be an object of its own.
  const last = [NaN];
  return () => {
    const monotonic = readMs();
    let time = anchorTime + (monotonic - anchorMonotonic) * rate;
    // A monotonic clock that steps back (some virtual machines) must not show.
    if (time < last[0]!) time = last[0]!;
    if (monotonic >= nextAnchor) {
      const wall = readWallMs();
      const ahead = time - wall;
      // So it is at the first reading, when there is no difference yet.
      if (!(ahead >= -JITTER_MS)) time = wall;
      nextAnchor = monotonic + ANCHOR_INTERVAL_MS;
      rate = 1;
      if (ahead > JITTER_MS) {
        rate = 1 - SLEW;
        // While slowing down, look again just when it should have been met.
        nextAnchor = Math.min(nextAnchor, monotonic + ahead / SLEW);
      }
      anchorTime = time;
      anchorMonotonic = monotonic;
    }
    return last[0] = time;
  };
}

/** A clock that a bus may trust, if {@linkcode burstClock} has made it. */
export interface MaybeOwnClock {
  (): number;
  isOwn?: true;
}

/**
 * Makes a clock for the option `clock` that is read once in a burst: it runs as the default one does,
 * but stands still until the synchronous code that it is read in has ended. A `publish` is cheaper
 * with it where many follow each other, and dearer where events come one by one.
 *
 * What is lost are durations inside synchronous code: a start and an end that are published without
 * an `await` in between are at the same time, as late as the first of them was.
 *
 * On workerd it is the default clock: there the runtime's own clocks stand still between two I/Os.
 *
 * @example
 * ```ts
 * import { burstClock, EventBus } from "@busbar/busbar";
 *
 * await using bus = new EventBus({ clock: burstClock() }).start();
 * const times = new Set<number>();
 * bus.subscribeAll((event) => times.add(event.timestamp));
 * for (let i = 0; i < 1_000; i++) bus.publish("item.read", { i });
 * await bus.flush();
 * if (times.size !== 1) throw new Error("the clock was read more than once");
 * ```
 */
export function burstClock(): () => number {
  const read = createClock();
  // NaN, which is falsy, outside of a burst.
  let time = NaN;
  const endBurst = () => {
    time = NaN;
  };
  const clock: MaybeOwnClock = REQUESTS_ARE_APART ? read : () => {
    if (!time) {
      // In this order: at the end of the stack the call may throw.
      inNeutralContext(endBurst);
      time = read();
    }
    return time;
  };
  clock.isOwn = true;
  return clock;
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
