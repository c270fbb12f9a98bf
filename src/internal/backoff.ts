const FIRST_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 60_000;

/**
 * Says when something that keeps happening may be reported again: at once, then after 1 s, 2 s, 4 s
 * … 60 s. A quiet time as long as the last interval starts it over.
 */
export class Backoff {
  /** How often it has happened, where that is counted. */
  count = 0;
  #intervalMs = 0;
  #nextAt = -Infinity;

  /** Whether to report it now; asked each time it happened. */
  due(now: number): boolean {
    // A clock that was set back is before the whole interval.
    if (now < this.#nextAt && now >= this.#nextAt - this.#intervalMs) return false;
    const quietSince = this.#nextAt + this.#intervalMs;
    this.#intervalMs = now >= quietSince
      ? FIRST_INTERVAL_MS
      : Math.min(this.#intervalMs * 2, MAX_INTERVAL_MS);
    this.#nextAt = now + this.#intervalMs;
    return true;
  }
}
