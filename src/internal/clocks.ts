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

/** As `setTimeout`. */
export const setTimer: typeof setTimeout = setTimeout;

/** As `clearTimeout`. */
export const clearTimer: typeof clearTimeout = clearTimeout;
