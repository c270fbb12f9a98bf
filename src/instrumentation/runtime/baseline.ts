/** A total at a moment. */
export interface Snapshot {
  /** On a clock that never goes back. */
  readonly atMs: number;
}

/** What two readers ask for within this time is measured since the same moment. */
const MIN_INTERVAL_MS = 10_000;

/**
 * The snapshot that a rate is measured since: the one of the last reading, unless that is so recent
 * that the rate would be one of a moment. With one reader that is its last reading; with several,
 * none leaves the others a sliver of time.
 */
export class Baseline<Total extends Snapshot> {
  #older: Total;
  #newer: Total;

  /** @param first where the first reading measures from */
  constructor(first: Total) {
    this.#older = this.#newer = first;
  }

  /** What to measure since, at this reading. */
  since(now: Total): Total {
    if (now.atMs - this.#newer.atMs >= MIN_INTERVAL_MS) {
      [this.#older, this.#newer] = [this.#newer, now];
    }
    return this.#older;
  }
}
