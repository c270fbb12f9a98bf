const INITIAL_CAPACITY = 64;

/**
 * A first-in, first-out ring with a strict bound. It knows no overflow policy: whoever pushes asks
 * {@linkcode BoundedQueue.full} first.
 *
 * The ring starts small and doubles up to the bound, so that a large bound costs nothing until it
 * is used. A slot is cleared when it is read, so that the queue keeps no delivered item alive.
 * Each item carries a mark of one bit, held beside the ring.
 */
export class BoundedQueue<Item> {
  readonly limit: number;
  #slots: (Item | undefined)[];
  #marks: Uint8Array;
  #mask: number;
  /** Absolute positions: they only grow, and the mask gives the slot. */
  #head = 0;
  #tail = 0;
  #firstUnmarked = 0;
  /** How many items are marked; while none is, the marks need no look. */
  #marked = 0;

  constructor(limit: number) {
    this.limit = limit;
    let capacity = INITIAL_CAPACITY;
    while (capacity > limit) capacity >>= 1;
    if (capacity < limit && capacity < INITIAL_CAPACITY) capacity <<= 1;
    this.#slots = new Array<Item | undefined>(capacity).fill(undefined);
    this.#marks = new Uint8Array(capacity);
    this.#mask = capacity - 1;
  }

  get size(): number {
    return this.#tail - this.#head;
  }

  get full(): boolean {
    return this.#tail - this.#head >= this.limit;
  }

  /** Adds an item at the end. The queue must not be full. */
  push(item: Item, marked: boolean): void {
    const tail = this.#tail;
    if (tail - this.#head > this.#mask) this.#grow();
    const slot = tail & this.#mask;
    this.#slots[slot] = item;
    if (marked) {
      this.#marks[slot] = 1;
      this.#marked++;
    }
    this.#tail = tail + 1;
  }

  /** Takes the oldest item, `undefined` if there is none. */
  shift(): Item | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const slot = head & this.#mask;
    const item = this.#slots[slot];
    this.#slots[slot] = undefined;
    if (this.#marked > 0 && this.#marks[slot] === 1) {
      this.#marks[slot] = 0;
      this.#marked--;
    }
    this.#head = head + 1;
    return item;
  }

  /**
   * The oldest item that was pushed without a mark. The position of the last answer is kept, so
   * that looking past marked items costs each of them one step in all, however often it is asked.
   */
  oldestUnmarked(): Item | undefined {
    let position = Math.max(this.#firstUnmarked, this.#head);
    while (position < this.#tail && this.#marks[position & this.#mask] === 1) position++;
    this.#firstUnmarked = position;
    return position < this.#tail ? this.#slots[position & this.#mask] : undefined;
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const slots = new Array<Item | undefined>(capacity).fill(undefined);
    const marks = new Uint8Array(capacity);
    const mask = capacity - 1;
    for (let position = this.#head; position < this.#tail; position++) {
      slots[position & mask] = this.#slots[position & this.#mask];
      marks[position & mask] = this.#marks[position & this.#mask] ?? 0;
    }
    this.#slots = slots;
    this.#marks = marks;
    this.#mask = mask;
  }
}
