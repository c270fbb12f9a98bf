/** What an instrument knows of series that may go without a value only for so long. */
export class IdleSeries<Series extends object> {
  readonly #maxIdleMs: number;
  readonly #now: () => number;
  readonly #lastMs = new Map<Series, number>();
  readonly #beganMs = new WeakMap<Series, number>();
  readonly #kept = new Set<Series>();
  /** How many were left out so far. */
  expired = 0;

  /** @param now milliseconds since the epoch */
  constructor(maxIdleMs: number, now: () => number) {
    this.#maxIdleMs = maxIdleMs;
    this.#now = now;
  }

  /** Called with a series that is there before its first value: it stays. */
  keep(series: Series): void {
    this.#kept.add(series);
  }

  /** Called with a series at each of its values. */
  touch(series: Series): void {
    if (this.#kept.has(series)) return;
    const nowMs = this.#now();
    if (!this.#lastMs.has(series)) this.#beganMs.set(series, nowMs);
    this.#lastMs.set(series, nowMs);
  }

  /** When a series had its first value; `undefined` if it was there before that. */
  beganMs(series: Series): number | undefined {
    return this.#beganMs.get(series);
  }

  /** The series that have gone without a value for too long; they are forgotten. */
  takeExpired(): ReadonlySet<Series> {
    const expired = new Set<Series>();
    const nowMs = this.#now();
    for (const [series, lastMs] of this.#lastMs) {
      if (nowMs - lastMs >= this.#maxIdleMs) expired.add(series);
    }
    for (const series of expired) this.#lastMs.delete(series);
    this.expired += expired.size;
    return expired;
  }
}
