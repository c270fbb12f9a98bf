/** A clock that stands still until it is told to go on. Pass `clock.now` as a bus's `clock`. */
export class ManualClock {
  /** The time, in milliseconds since the epoch. */
  timeMs: number;

  /**
   * Sets the clock.
   *
   * @param timeMs where it starts, in milliseconds since the epoch
   */
  constructor(timeMs = 0) {
    this.timeMs = timeMs;
  }

  /** Reads the time; bound, so that it can be passed on. */
  readonly now = (): number => this.timeMs;

  /** Goes on by `ms` milliseconds; a negative number turns it back. */
  advance(ms: number): void {
    this.timeMs += ms;
  }
}
