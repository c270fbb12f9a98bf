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
  // On the prototype: the bus does not look at what a test framework puts on the object itself.
  const prototype = Object.getPrototypeOf(performance);
  const now: PropertyDescriptor = Object.getOwnPropertyDescriptor(prototype, "now")!;
  let nowMs = Math.ceil(performance.now());
  Object.defineProperty(prototype, "now", { ...now, value: () => nowMs });
  return {
    pass: (ms) => void (nowMs += ms),
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, "now", now);
    },
  };
}
