/** An entry, between the one that was used before it and the one that was used after it. */
interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  older: Entry<Key, Value>;
  newer: Entry<Key, Value>;
}

/**
 * A map that holds so many entries, and gives up the one used longest ago. Everything takes the same
 * time, however often the same key is used: a `Map` alone, whose order is that of insertion, walks
 * over the holes that moved entries leave.
 */
export class LruMap<Key, Value extends object> {
  #capacity: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  /** Closes the ring: the oldest entry is newer than it, the newest one older. */
  readonly #ends = newEnds<Key, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value without using it. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The value, which is the most recent one now. */
  touch(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    unlink(entry);
    this.#append(entry);
    return entry.value;
  }

  /** Adds a key that is not there. @returns the value that had to go */
  add(key: Key, value: Value): Value | undefined {
    const entry = { key, value, older: this.#ends, newer: this.#ends };
    this.#entries.set(key, entry);
    this.#append(entry);
    return this.#removeOldest();
  }

  /** Holds more or fewer from now on. @returns the values that had to go */
  resize(capacity: number): Value[] {
    this.#capacity = capacity;
    const removed: Value[] = [];
    for (let gone = this.#removeOldest(); gone; gone = this.#removeOldest()) removed.push(gone);
    return removed;
  }

  /** If there is one too many. */
  #removeOldest(): Value | undefined {
    if (this.#entries.size <= this.#capacity) return undefined;
    const oldest = this.#ends.newer;
    this.#entries.delete(oldest.key);
    unlink(oldest);
    return oldest.value;
  }

  /** Removes a key if it still has this value. */
  remove(key: Key, value: Value): void {
    const entry = this.#entries.get(key);
    if (entry?.value !== value) return;
    this.#entries.delete(key);
    unlink(entry);
  }

  #append(entry: Entry<Key, Value>): void {
    entry.older = this.#ends.older;
    entry.newer = this.#ends;
    entry.older.newer = entry;
    entry.newer.older = entry;
  }
}

function unlink<Key, Value>({ older, newer }: Entry<Key, Value>): void {
  older.newer = newer;
  newer.older = older;
}

function newEnds<Key, Value>(): Entry<Key, Value> {
  const ends = {} as Entry<Key, Value>;
  ends.older = ends;
  ends.newer = ends;
  return ends;
}
