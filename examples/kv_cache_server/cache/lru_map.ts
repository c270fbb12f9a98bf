/**
 * A map that holds so many entries, and gives up the one used longest ago. A `Map` keeps the order
 * of insertion; that is all it takes.
 */
export class LruMap<Key, Value extends object> {
  readonly #capacity: number;
  readonly #entries = new Map<Key, Value>();
  /**
   * All keys before it are gone: what it gives next is the oldest. A new iterator each time would
   * walk over the holes that the gone ones have left.
   */
  readonly #oldest = this.#entries.keys();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value without using it. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** The value, which is the most recent one now. */
  touch(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Adds a key that is not there. @returns the value that had to go */
  add(key: Key, value: Value): Value | undefined {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return undefined;
    const oldest = this.#oldest.next().value as Key;
    const evicted = this.#entries.get(oldest);
    this.#entries.delete(oldest);
    return evicted;
  }

  /** Removes a key if it still has this value. */
  remove(key: Key, value: Value): void {
    if (this.#entries.get(key) === value) this.#entries.delete(key);
  }
}
