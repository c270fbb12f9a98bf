/**
 * The runtime's clocks and timers as they were when this module was evaluated: what a test framework
 * puts in their place later, and winds by hand, would leave everything here waiting.
 *
 * @module
 */

const { performance, setTimeout, clearTimeout } = globalThis;
const prototype: { now(): number } = Object.getPrototypeOf(performance);

/** Milliseconds with fractions, on a clock that never goes back. */
export const monotonicMs = (): number => prototype.now.call(performance);

/** Milliseconds since the epoch. */
export const wallMs: () => number = Date.now;

/** A timer. */
export type Timer = ReturnType<typeof setTimeout>;

/** The runtime's timers; what tests may put in their place counts. */
export const timers: {
  set: (callback: () => void, delayMs: number) => Timer;
  clear: (timer: Timer | undefined) => void;
} = { set: setTimeout, clear: clearTimeout };

/** As `setTimeout`. */
export const setTimer = (callback: () => void, delayMs: number): Timer =>
  timers.set.call(undefined, callback, delayMs);

/** As `clearTimeout`. */
export const clearTimer = (timer: Timer | undefined): void => timers.clear.call(undefined, timer);
