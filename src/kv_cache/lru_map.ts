/** A map of the entries set most recently: one too many, and the one set longest ago goes. */
export class LruMap<Value> {
  readonly #maxSize: number;
  readonly #entries = new Map<string, Value>();
  /**
   * All entries before it are gone: what it gives next is the oldest. A new iterator each time
   * would walk over the holes that the gone ones have left.
   */
  readonly #oldest = this.#entries.keys();

  /** @param maxSize at least 1 */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Makes it the most recent entry. @returns whether another one had to go */
  set(key: string, value: Value): boolean {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxSize) return false;
    this.#entries.delete(this.#oldest.next().value as string);
    return true;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
