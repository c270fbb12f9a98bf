/** A clock that only moves when a test advances it. Pass `clock.now` as a bus's `clock`. */
export class ManualClock {
  /** The time, in milliseconds since the epoch. */
  timeMs: number;

  /**
   * Creates a clock.
   *
   * @param timeMs the initial time, in milliseconds since the epoch
   */
  constructor(timeMs = 0) {
    this.timeMs = timeMs;
  }

  /** Returns the time. It is bound, so it can be passed as a function. */
  readonly now = (): number => this.timeMs;

  /** Moves the time by `ms` milliseconds; a negative number moves it back. */
  advance(ms: number): void {
    this.timeMs += ms;
  }
}
