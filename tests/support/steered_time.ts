import { clocks } from "../../src/internal/clocks.ts";

/** The package's monotonic clock in the hands of a test, until the end of its scope. */
export interface SteeredTime extends Disposable {
  /** Moves it on. */
  pass(ms: number): void;
  /** How often it was asked. */
  readonly looks: number;
}

/**
 * Stops the clock that the package runs on, so that only the test says how long something takes, and no machine is
 * too busy for it. Timers and turns go on.
 *
 * @param msPerLook how much later it is each time that somebody asks
 */
export function steeredTime({ msPerLook = 0 } = {}): SteeredTime {
  const { now } = clocks;
  let nowMs = Math.ceil(now());
  let looks = 0;
  const look = () => {
    looks++;
    return nowMs += msPerLook;
  };
  clocks.now = look;
  return {
    pass: (ms) => void (nowMs += ms),
    get looks() {
      return looks;
    },
    [Symbol.dispose]: () => {
      clocks.now = now;
    },
  };
}
