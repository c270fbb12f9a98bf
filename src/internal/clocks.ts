/**
 * The runtime's clocks and timers as they were when this module was evaluated: what a test framework
 * puts in their place later, and winds by hand, would leave everything here waiting.
 *
 * @module
 */

const { performance, setTimeout } = globalThis;

/** A timer. */
export type Timer = ReturnType<typeof setTimeout>;

/** Those that are used; tests of this package put their own in. */
export const clocks: {
  /** Milliseconds with fractions, on a clock that never goes back. */
  now: () => number;
  setTimeout: (callback: () => void, delayMs: number) => Timer;
} = {
  now: performance.now.bind(performance),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
};

/** Milliseconds with fractions, on a clock that never goes back. */
export const monotonicMs = (): number => clocks.now();

/** Milliseconds since the epoch. */
export const wallMs: () => number = Date.now;

/** As `setTimeout`. */
export const setTimer = (callback: () => void, delayMs: number): Timer =>
  clocks.setTimeout(callback, delayMs);

/** As `clearTimeout`. */
export const clearTimer: (timer: Timer | undefined) => void = globalThis.clearTimeout;
