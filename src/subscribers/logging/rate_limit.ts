/** A flood that goes on is told no more rarely than at every so-manieth look. */
const MAX_LOOKS = 60;
/** A step back that is no disorder of the events any more, but another time. */
const OTHER_TIME_MS = 60_000;
/** Sums of fractions fall short of whole numbers by a little. */
const ROUNDING = 1e-6;

/** What was left out since it was last told. */
export interface LeftOut {
  readonly count: number;
  /** When the first of them happened, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When the last of them happened. */
  readonly untilMs: number;
}

/**
 * Lets the records of one type pass: a second's worth at once, then so many a second. What does not
 * pass is counted. Somebody looks at regular intervals whether it is to be told: at the first look,
 * then when the flood is over; while it goes on, after 2, 4, 8 … 60 more looks.
 */
export class RateLimit {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #lastMs = Infinity;
  #total = 0;
  #untold = 0;
  #sinceMs = 0;
  #untilMs = 0;
  /** After how many looks a flood that goes on is told next; 0 if there is none. */
  #looksToWait = 0;
  #looks = 0;
  #untoldAtLastLook = 0;

  /**
   * Starts with a full second's worth.
   *
   * @param maxPerSecond above 0; `Infinity` lets everything pass
   */
  constructor(maxPerSecond: number) {
    this.#perMs = maxPerSecond / 1_000;
    this.#capacity = Math.max(1, maxPerSecond);
    this.#tokens = this.#capacity;
  }

  /**
   * Whether one more may pass; if not, it is counted.
   *
   * @param nowMs the time that the rate is limited by
   * @param eventMs when the event happened
   */
  take(nowMs: number, eventMs: number): boolean {
    if (this.#capacity === Infinity) return true;
    if (nowMs > this.#lastMs) {
      const gained = (nowMs - this.#lastMs) * this.#perMs;
      this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
      this.#lastMs = nowMs;
    } else if (nowMs < this.#lastMs - OTHER_TIME_MS) {
      // A replay, or a clock that was set: go on from there, or nothing would pass until then.
      this.#lastMs = nowMs;
    }
    if (this.#tokens >= 1 - ROUNDING) {
      this.#tokens--;
      return true;
    }
    this.#total++;
    if (this.#untold++ === 0) this.#sinceMs = eventMs;
    this.#untilMs = eventMs;
    return false;
  }

  /** How many were left out since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Whether the next look may find something. */
  get flooded(): boolean {
    return this.#untold > 0 || this.#looksToWait > 0;
  }

  /** Called at regular intervals while there is a flood: hands over what is to be told. */
  look(): LeftOut | undefined {
    if (this.#untold === 0) {
      this.#looksToWait = 0;
      return undefined;
    }
    const over = this.#untold === this.#untoldAtLastLook;
    this.#untoldAtLastLook = this.#untold;
    if (++this.#looks < this.#looksToWait && !over) return undefined;
    this.#looks = 0;
    this.#looksToWait = Math.min(Math.max(1, this.#looksToWait) * 2, MAX_LOOKS);
    return this.tell();
  }

  /** Hands over what is untold, `undefined` if nothing is. */
  tell(): LeftOut | undefined {
    if (this.#untold === 0) return undefined;
    const leftOut = { count: this.#untold, sinceMs: this.#sinceMs, untilMs: this.#untilMs };
    this.#untold = 0;
    this.#untoldAtLastLook = 0;
    return leftOut;
  }
}
