/** Under this name a tally counts what came after its limit of names was reached. */
export const OTHER_NAME = "__other__";

const MAX_NAMES = 1_000;

/**
 * Counts by name, for names that come from outside: past 1,000 of them the rest is counted
 * together, so that memory stays bounded and the total exact.
 */
export class Tally {
  #counts = new Map<string, { count: number }>();
  #lastName: string | undefined;
  #last: { count: number } = { count: 0 };

  add(name: string): void {
    // Losses come in bursts of one type: comparing with the last one saves most look-ups.
    if (name !== this.#lastName) {
      this.#last = this.#counts.get(name) ?? this.#open(name);
      this.#lastName = name;
    }
    this.#last.count++;
  }

  #open(name: string): { count: number } {
    const key = this.#counts.size < MAX_NAMES ? name : OTHER_NAME;
    let counter = this.#counts.get(key);
    if (counter === undefined) this.#counts.set(key, counter = { count: 0 });
    return counter;
  }

  /** A copy, without a prototype, so that no name collides with an inherited one. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = Object.create(null);
    for (const [name, { count }] of this.#counts) record[name] = count;
    return record;
  }
}
