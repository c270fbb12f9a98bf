/** The runtime's monotonic clock in the hands of a test, until the end of its scope. */
export interface SteeredTime extends Disposable {
  /** Moves `performance.now()` on. */
  pass(ms: number): void;
}

/**
 * Stops `performance.now()`, so that only the test says how long something takes, and no machine is
 * too busy for it. Timers and turns go on.
 */
export function steeredTime(): SteeredTime {
  const { now } = performance;
  let nowMs = Math.ceil(now.call(performance));
  performance.now = () => nowMs;
  return {
    pass: (ms) => void (nowMs += ms),
    [Symbol.dispose]: () => {
      performance.now = now;
    },
  };
}
