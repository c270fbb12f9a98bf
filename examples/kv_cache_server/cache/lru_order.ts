/** The order of use of ids, up to a capacity. A `Map` keeps insertion order; that is all it takes. */
export class LruOrder {
  readonly #capacity: number;
  readonly #order = new Map<number, true>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#order.size;
  }

  /** Makes `id` the most recent. @returns whether it was there */
  touch(id: number): boolean {
    if (!this.#order.delete(id)) return false;
    this.#order.set(id, true);
    return true;
  }

  /** Adds an id that is not there. @returns the id that had to go */
  add(id: number): number | undefined {
    this.#order.set(id, true);
    if (this.#order.size <= this.#capacity) return undefined;
    const [oldest] = this.#order.keys();
    this.#order.delete(oldest as number);
    return oldest;
  }
}
