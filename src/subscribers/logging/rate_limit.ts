/** A flood that goes on is reported at least once in so many polls. */
const MAX_POLLS_UNTIL_REPORT = 60;
/** A step back that is no disorder of the events any more, but another time. */
const OTHER_TIME_MS = 60_000;
/** Sums of fractions fall short of whole numbers by a little. */
const ROUNDING = 1e-6;

/** What was suppressed since the last report. */
export interface Suppressed {
  readonly count: number;
  /** When the first of them happened, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When the last of them happened. */
  readonly untilMs: number;
}

/**
 * Lets the records of one type pass: a second's worth at once, then so many a second. What does not
 * pass is suppressed and counted. It is polled at regular intervals for what is to be reported: at
 * the first poll, then when the flood is over; while it goes on, after 2, 4, 8 … 60 more polls.
 */
export class RateLimit {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #lastMs = Infinity;
  #total = 0;
  #unreported = 0;
  #sinceMs = 0;
  #untilMs = 0;
  /** After how many polls a flood that goes on is reported next; 0 if there is none. */
  #pollsUntilReport = 0;
  #polls = 0;
  #unreportedAtLastPoll = 0;

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
  allow(nowMs: number, eventMs: number): boolean {
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
    if (this.#unreported++ === 0) this.#sinceMs = eventMs;
    this.#untilMs = eventMs;
    return false;
  }

  /** How many were suppressed since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Whether the next poll may find something. */
  get flooded(): boolean {
    return this.#unreported > 0 || this.#pollsUntilReport !== 0;
  }

  /** Called at regular intervals while there is a flood: returns what is to be reported now. */
  poll(): Suppressed | undefined {
    if (this.#unreported === 0) {
      this.#pollsUntilReport = 0;
      return undefined;
    }
    const over = this.#unreported === this.#unreportedAtLastPoll;
    this.#unreportedAtLastPoll = this.#unreported;
    if (++this.#polls < this.#pollsUntilReport && !over) return undefined;
    this.#polls = 0;
    this.#pollsUntilReport = Math.min(
      Math.max(1, this.#pollsUntilReport) * 2,
      MAX_POLLS_UNTIL_REPORT,
    );
    return this.flush();
  }

  /** Returns what has not been reported yet, `undefined` if there is nothing. */
  flush(): Suppressed | undefined {
    if (this.#unreported === 0) return undefined;
    const suppressed = {
      count: this.#unreported,
      sinceMs: this.#sinceMs,
      untilMs: this.#untilMs,
    };
    this.#unreported = 0;
    this.#unreportedAtLastPoll = 0;
    return suppressed;
  }
}
