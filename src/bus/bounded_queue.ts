/** A power of two, so that a mask gives a position's slot. */
const CHUNK_SIZE = 256;

/** Some slots; behind the last of them follows the next chunk. */
type Chunk<Item> = (Item | Chunk<Item> | undefined)[];

/** Items in a row with a timestamp of their own, by their positions. */
interface Run<Item> {
  readonly start: number;
  /** The position behind the last of them, and the item there, once there is one. */
  end: number;
  follower: Item | undefined;
  next: Run<Item> | undefined;
}

/**
 * A first-in, first-out queue with a strict bound. It knows no overflow policy: whoever pushes asks
 * {@linkcode BoundedQueue.full} first.
 *
 * It is a chain of short arrays, so that a large bound costs nothing until it is used, and nothing
 * any more afterwards. An item stored in an array as young as itself costs no write barrier. A slot
 * is cleared when it is read, so that the queue keeps no delivered item alive.
 */
export class BoundedQueue<Item> {
  readonly limit: number;
  #head = 0;
  #tail = 0;
  #headChunk: Chunk<Item> = new Array(CHUNK_SIZE + 1);
  #tailChunk = this.#headChunk;
  #firstRun: Run<Item> | undefined;
  #lastRun: Run<Item> | undefined;

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

  /**
   * Adds an item at the end. The queue must not be full.
   *
   * @param ownTimestamp whether its timestamp is the publisher's, and says nothing of its wait
   */
  push(item: Item, ownTimestamp: boolean): void {
    const slot = this.#tail & (CHUNK_SIZE - 1);
    this.#tailChunk[slot] = item;
    if (ownTimestamp || this.#firstRun) this.#note(item, ownTimestamp);
    if (slot === CHUNK_SIZE - 1) {
      this.#tailChunk = this.#tailChunk[CHUNK_SIZE] = new Array(CHUNK_SIZE + 1);
    }
    // Last: at the end of the stack the others may throw.
    this.#tail++;
  }

  /** Takes the oldest item, `undefined` if there is none. */
  shift(): Item | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const chunk = this.#headChunk;
    const slot = head & (CHUNK_SIZE - 1);
    const item = chunk[slot];
    chunk[slot] = undefined;
    this.#head = head + 1;
    if (this.#firstRun?.end === this.#head) {
      this.#firstRun = this.#firstRun.next;
    }
    if (slot === CHUNK_SIZE - 1) this.#headChunk = chunk[CHUNK_SIZE] as Chunk<Item>;
    return item as Item;
  }

  /** The oldest item whose timestamp the bus has set. */
  oldestStamped(): Item | undefined {
    const run = this.#firstRun;
    return run && run.start <= this.#head
      ? run.follower
      : this.#headChunk[this.#head & (CHUNK_SIZE - 1)] as Item | undefined;
  }

  /** Keeps the runs up to date with the item that is pushed. */
  #note(item: Item, ownTimestamp: boolean): void {
    const end = this.#tail + 1;
    let run = this.#firstRun && this.#lastRun;
    if (run?.end !== this.#tail) {
      if (!ownTimestamp) return;
      run = { start: this.#tail, end, follower: undefined, next: undefined };
      if (this.#firstRun) (this.#lastRun as Run<Item>).next = run;
      else this.#firstRun = run;
      this.#lastRun = run;
    } else if (ownTimestamp) run.end = end;
    else run.follower = item;
  }
}
