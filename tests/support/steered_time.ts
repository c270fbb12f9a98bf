/** The runtime's monotonic clock in the hands of a test, until the end of its scope. */
export interface SteeredTime extends Disposable {
  /** Moves `performance.now()` on. */
  pass(ms: number): void;
  /** How often it was asked. */
  readonly looks: number;
}

/**
 * Stops `performance.now()`, so that only the test says how long something takes, and no machine is
 * too busy for it. Timers and turns go on.
 *
 * @param msPerLook how much later it is each time that somebody asks
 */
export function steeredTime({ msPerLook = 0 } = {}): SteeredTime {
  // On the prototype: the bus does not look at what a test framework puts on the object itself.
  const prototype = Object.getPrototypeOf(performance);
  const now: PropertyDescriptor = Object.getOwnPropertyDescriptor(prototype, "now")!;
  let nowMs = Math.ceil(performance.now());
  let looks = 0;
  const look = () => {
    looks++;
    return nowMs += msPerLook;
  };
  Object.defineProperty(prototype, "now", { ...now, value: look });
  return {
    pass: (ms) => void (nowMs += ms),
    get looks() {
      return looks;
    },
    [Symbol.dispose]: () => {
      Object.defineProperty(prototype, "now", now);
    },
  };
}
