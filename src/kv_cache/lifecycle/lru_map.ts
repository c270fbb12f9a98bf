/** An entry, with its neighbours in the order of use. */
interface Entry<Value> {
  readonly key: string;
  value: Value;
  older: Entry<Value> | undefined;
  newer: Entry<Value> | undefined;
}

/**
 * A map of the entries set most recently: one too many, and the one set longest ago goes.
 *
 * The order is a list of its own. In that of a `Map`, an entry that is set again leaves a hole, which
 * has to be walked over or cleared away.
 */
export class LruMap<Value> {
  readonly #maxSize: number;
  readonly #entries = new Map<string, Entry<Value>>();
  #oldest: Entry<Value> | undefined;
  #newest: Entry<Value> | undefined;

  /** @param maxSize at least 1 */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The entry set longest ago. */
  get oldest(): { readonly key: string; readonly value: Value } | undefined {
    return this.#oldest;
  }

  /** Makes it the most recent entry. @returns whether another one had to go */
  set(key: string, value: Value): boolean {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, value, older: undefined, newer: undefined };
      this.#entries.set(key, entry);
    } else {
      entry.value = value;
      if (entry === this.#newest) return false;
      this.#unlink(entry);
    }
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    if (this.#entries.size <= this.#maxSize) return false;
    this.#remove(this.#oldest);
    return true;
  }

  delete(key: string): void {
    this.#remove(this.#entries.get(key));
  }

  #remove(entry: Entry<Value> | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry.key);
    this.#unlink(entry);
  }

  #unlink({ older, newer }: Entry<Value>): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}
