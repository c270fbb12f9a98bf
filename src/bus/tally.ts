import { Backoff } from "../internal/backoff.ts";
import { cut } from "../internal/reporting.ts";
import { MAX_NAMES } from "../internal/tuning.ts";

/**
 * Counts by name, for names that come from outside: past 1,000 of them the rest is counted
 * together, and of a long one its beginning is kept, so that memory stays bounded and the total
 * exact.
 */
export class Tally {
  /** Of all names. */
  total = 0;
  readonly #counters = new Map<string, Backoff>();
  #lastName: string | undefined;
  #last = new Backoff();

  /** Counts one more. @returns the name's counter */
  add(name: string): Backoff {
    // Losses come in bursts of one type: comparing with the last one saves most look-ups.
    if (name !== this.#lastName) {
      const short = cut(name);
      const known = this.#counters.has(short) || this.#counters.size < MAX_NAMES;
      const key = known ? short : "__other__";
      this.#last = this.#counters.get(key) ?? new Backoff();
      this.#counters.set(key, this.#last);
      this.#lastName = key;
    }
    this.total++;
    this.#last.count++;
    return this.#last;
  }

  /** A copy, without a prototype, so that no name collides with an inherited one. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = Object.create(null);
    for (const [name, { count }] of this.#counters) record[name] = count;
    return record;
  }
}
