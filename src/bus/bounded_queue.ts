const INITIAL_CAPACITY = 64;

/**
 * A first-in, first-out ring with a strict bound. It knows no overflow policy: whoever pushes asks
 * {@linkcode BoundedQueue.full} first.
 *
 * The ring starts small and doubles, so that a large bound costs nothing until it is used. A slot
 * is cleared when it is read, so that the queue keeps no delivered item alive.
 */
export class BoundedQueue<Item> {
  readonly limit: number;
  /** As many as a power of two, so that a mask gives a position's slot. */
  #slots: (Item | undefined)[] = new Array(INITIAL_CAPACITY);
  #head = 0;
  #tail = 0;
  /** The positions of marked items, where there ever were any. */
  #marked: Set<number> | undefined;
  #firstUnmarked = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many items have ever been pushed. */
  get pushed(): number {
    return this.#tail;
  }

  /** How many items have ever been shifted. */
  get shifted(): number {
    return this.#head;
  }

  get size(): number {
    return this.#tail - this.#head;
  }

  get full(): boolean {
    return this.size >= this.limit;
  }

  /** Adds an item at the end. The queue must not be full. */
  push(item: Item, marked: boolean): void {
    if (this.size === this.#slots.length) this.#grow();
    const slots = this.#slots;
    slots[this.#tail & (slots.length - 1)] = item;
    if (marked) (this.#marked ??= new Set()).add(this.#tail);
    this.#tail++;
  }

  /** Takes the oldest item, `undefined` if there is none. */
  shift(): Item | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const slots = this.#slots;
    const slot = head & (slots.length - 1);
    const item = slots[slot];
    slots[slot] = undefined;
    this.#marked?.delete(head);
    this.#head = head + 1;
    return item;
  }

  /**
   * The oldest item that was pushed without a mark. The position of the last answer is kept, so
   * that looking past marked items costs each of them one step in all, however often it is asked.
   */
  oldestUnmarked(): Item | undefined {
    let position = Math.max(this.#firstUnmarked, this.#head);
    while (this.#marked?.has(position)) position++;
    this.#firstUnmarked = position;
    return position < this.#tail ? this.#slots[position & (this.#slots.length - 1)] : undefined;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array(old.length * 2);
    for (let position = this.#head; position < this.#tail; position++) {
      slots[position & (slots.length - 1)] = old[position & (old.length - 1)];
    }
    this.#slots = slots;
  }
}
