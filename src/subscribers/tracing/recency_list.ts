/** A place in a {@linkcode RecencyList}. */
export interface RecencyNode<Item> {
  readonly item: Item;
  older: RecencyNode<Item> | undefined;
  newer: RecencyNode<Item> | undefined;
}

/** Items of which the one added last is wanted, while any may leave; all in constant time. */
export class RecencyList<Item> {
  #newest: RecencyNode<Item> | undefined;

  /** The item added last, of those still here. */
  get newest(): Item | undefined {
    return this.#newest?.item;
  }

  /** The items, newest first. */
  *[Symbol.iterator](): Generator<Item> {
    for (let node = this.#newest; node !== undefined; node = node.older) yield node.item;
  }

  /** Adds an item, and gives the place to remove it from. */
  add(item: Item): RecencyNode<Item> {
    const node = { item, older: this.#newest, newer: undefined };
    if (this.#newest !== undefined) this.#newest.newer = node;
    this.#newest = node;
    return node;
  }

  /** Removes what was added; once. */
  remove({ older, newer }: RecencyNode<Item>): void {
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else this.#newest = older;
  }
}
