/** What a look adds at most: somebody who looks at each beat looks more often. */
const MAX_STEP_MS = 500;

/**
 * The time that this thread has watched the others for. While it was itself held up, or the whole
 * process stood still, it has seen nobody be silent.
 */
export class AwakeClock {
  readonly #now: () => number;
  #lastMs: number;
  #awakeMs = 0;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
    this.#lastMs = now();
  }

  /** Looks at it, in milliseconds. */
  look(): number {
    const nowMs = this.#now();
    this.#awakeMs += Math.min(Math.max(0, nowMs - this.#lastMs), MAX_STEP_MS);
    this.#lastMs = nowMs;
    return this.#awakeMs;
  }
}
