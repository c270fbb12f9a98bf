import { ByName } from "./by_name.ts";

/** Counts by name; past 1,000 names the rest is counted together, so that the total stays exact. */
export class Tally {
  readonly #counters = new ByName(() => ({ count: 0 }));
  #lastName: string | undefined;
  #last = { count: 0 };

  add(name: string): void {
    // Losses come in bursts of one type: comparing with the last one saves most look-ups.
    if (name !== this.#lastName) {
      this.#last = this.#counters.of(name);
      this.#lastName = name;
    }
    this.#last.count++;
  }

  /** A copy, without a prototype, so that no name collides with an inherited one. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = Object.create(null);
    for (const [name, { count }] of this.#counters) record[name] = count;
    return record;
  }
}
