/** How long a flood lasts before it is told for the first time, and how long quiet ends it. */
export const DEFAULT_LEFT_OUT_INTERVAL_MS = 1_000;
/** A flood that goes on is told no more rarely than this, in milliseconds. */
export const MAX_LEFT_OUT_INTERVAL_MS = 60_000;

/** A step back that is no disorder of the events any more, but another time. */
const OTHER_TIME_MS = 60_000;

/** How much was left out since it was last told. */
export interface LeftOut {
  readonly count: number;
  /** When the first of them happened, in milliseconds since the epoch. */
  readonly sinceMs: number;
}

/**
 * Lets the records of one type pass: a second's worth at once, then so many a second. What does not
 * pass is counted, and told when the flood is over; while it goes on, after 1 s, 2 s, 4 s … 60 s.
 */
export class RateLimit {
  readonly #perMs: number;
  readonly #capacity: number;
  readonly #firstIntervalMs: number;
  #tokens: number;
  #lastMs = -Infinity;
  #total = 0;
  #untold = 0;
  #untoldAtLastLook = 0;
  #sinceMs = 0;
  #lastLeftOutMs = 0;
  #intervalMs = 0;
  #tellAtMs = 0;
  #toldAtMs = -Infinity;

  /**
   * @param maxPerSecond above 0; `Infinity` lets everything pass
   * @param firstIntervalMs how long a flood lasts before it is told
   */
  constructor(maxPerSecond: number, firstIntervalMs: number = DEFAULT_LEFT_OUT_INTERVAL_MS) {
    this.#perMs = maxPerSecond / 1_000;
    this.#capacity = Math.max(1, maxPerSecond);
    this.#tokens = this.#capacity;
    this.#firstIntervalMs = firstIntervalMs;
  }

  /** Whether one more may pass at `nowMs`; if not, it is counted. */
  take(nowMs: number): boolean {
    if (this.#capacity === Infinity) return true;
    if (nowMs > this.#lastMs) {
      if (this.#lastMs !== -Infinity) {
        const gained = (nowMs - this.#lastMs) * this.#perMs;
        this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
      }
      this.#lastMs = nowMs;
    } else if (nowMs < this.#lastMs - OTHER_TIME_MS) {
      // A replay, or a clock that was set: go on from there, or nothing would pass until then.
      this.#lastMs = nowMs;
    }
    if (this.#tokens >= 1) {
      this.#tokens--;
      return true;
    }
    this.#leaveOut(nowMs);
    return false;
  }

  /** How many were left out since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Whether some were left out and not told. */
  get hasUntold(): boolean {
    return this.#untold > 0;
  }

  /** Whether it is time to tell: the flood is over, or it has lasted for long. */
  due(nowMs: number): boolean {
    return this.#untold > 0 &&
      (nowMs >= this.#tellAtMs || nowMs - this.#lastLeftOutMs >= this.#firstIntervalMs);
  }

  /** Whether some are untold and none came since the last look. */
  quietSinceLastLook(): boolean {
    const quiet = this.#untold > 0 && this.#untold === this.#untoldAtLastLook;
    this.#untoldAtLastLook = this.#untold;
    return quiet;
  }

  /** Hands over what is untold, `undefined` if nothing is. */
  tell(): LeftOut | undefined {
    if (this.#untold === 0) return undefined;
    const leftOut = { count: this.#untold, sinceMs: this.#sinceMs };
    this.#untold = 0;
    this.#untoldAtLastLook = 0;
    this.#toldAtMs = this.#lastLeftOutMs;
    return leftOut;
  }

  #leaveOut(nowMs: number): void {
    this.#total++;
    if (this.#untold++ === 0) {
      const goesOn = Math.abs(nowMs - this.#toldAtMs) < this.#intervalMs;
      this.#intervalMs = goesOn
        ? Math.min(this.#intervalMs * 2, MAX_LEFT_OUT_INTERVAL_MS)
        : this.#firstIntervalMs;
      this.#sinceMs = nowMs;
      this.#tellAtMs = nowMs + this.#intervalMs;
    }
    this.#lastLeftOutMs = nowMs;
  }
}
