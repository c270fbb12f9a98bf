/** A place in a {@linkcode LinkedStack}. */
export interface LinkedNode<Item> {
  readonly item: Item;
  older: LinkedNode<Item> | undefined;
  newer: LinkedNode<Item> | undefined;
}

/** Items of which the one added last is wanted, while any may leave; all in constant time. */
export class LinkedStack<Item> {
  #newest: LinkedNode<Item> | undefined;

  /** The item added last, of those still here. */
  get newest(): Item | undefined {
    return this.#newest?.item;
  }

  /** Adds an item, and gives the place to remove it from. */
  add(item: Item): LinkedNode<Item> {
    const node = { item, older: this.#newest, newer: undefined };
    if (this.#newest !== undefined) this.#newest.newer = node;
    this.#newest = node;
    return node;
  }

  /** Removes what was added; once. */
  remove({ older, newer }: LinkedNode<Item>): void {
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else this.#newest = older;
  }
}
