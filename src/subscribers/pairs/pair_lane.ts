/** What a {@linkcode PairLane} stores: it knows its own key. */
export interface Keyed {
  /** The session, `""` if none; of bounded length. */
  readonly sessionId: string;
  /** The operation within the session, `""` if none; of bounded length. */
  readonly operationId: string;
}

/** How many items are looked through one by one. */
const FEW = 16;
/** How few they must have become to be looked through again. */
const FEW_AGAIN = 4;

/**
 * One item for each session and operation.
 *
 * - A few items are looked through: comparing costs less than the hash of an id that nobody has seen
 *   before, which is most of what a map costs.
 * - Of more there is a map by session. Nearly always a session has one operation of a kind at a
 *   time: its item stands for the session itself. Only where there are several is there a map of
 *   them, until the last one is removed.
 * - No key is put together of others: that would cost more than all the rest.
 */
export class PairLane<Item extends Keyed> {
  /** All items, in no order, or none if there is a map. */
  readonly #few: Item[] = [];
  #sessions: Map<string, Item | Map<string, Item>> | undefined = undefined;
  /** How many are in the map. */
  #mapped = 0;

  /** The item of a key, if there is one. */
  get(sessionId: string, operationId: string): Item | undefined {
    const sessions = this.#sessions;
    if (sessions === undefined) {
      const index = this.#indexOf(sessionId, operationId);
      return index < 0 ? undefined : this.#few[index];
    }
    const found = sessions.get(sessionId);
    if (found instanceof Map) return found.get(operationId);
    return found?.operationId === operationId ? found : undefined;
  }

  /** The items of a session, in no order. */
  ofSession(sessionId: string): readonly Item[] {
    if (this.#sessions === undefined) {
      return this.#few.filter((item) => item.sessionId === sessionId);
    }
    const found = this.#sessions.get(sessionId);
    if (found === undefined) return [];
    return found instanceof Map ? [...found.values()] : [found];
  }

  /** Adds an item, unless its key has one already. @returns the one that was there */
  add(item: Item): Item | undefined {
    const { sessionId, operationId } = item;
    const sessions = this.#sessions;
    if (sessions !== undefined) {
      const same = putInto(sessions, item);
      if (same === undefined) this.#mapped++;
      return same;
    }
    const few = this.#few;
    const index = this.#indexOf(sessionId, operationId);
    if (index >= 0) return few[index];
    if (few.push(item) > FEW) this.#toMap();
    return undefined;
  }

  /** Puts an item in the place of the one that has its key. */
  replace(item: Item): void {
    const { sessionId, operationId } = item;
    const sessions = this.#sessions;
    if (sessions === undefined) {
      this.#few[this.#indexOf(sessionId, operationId)] = item;
      return;
    }
    const found = sessions.get(sessionId);
    if (found instanceof Map) found.set(operationId, item);
    else sessions.set(sessionId, item);
  }

  /** Removes the item of a key, if there is one. */
  remove({ sessionId, operationId }: Keyed): void {
    const sessions = this.#sessions;
    if (sessions === undefined) {
      const few = this.#few;
      const index = this.#indexOf(sessionId, operationId);
      if (index < 0) return;
      const last = few.pop() as Item;
      if (index < few.length) few[index] = last;
      return;
    }
    const found = sessions.get(sessionId);
    if (found instanceof Map) {
      if (!found.delete(operationId)) return;
      if (found.size === 0) sessions.delete(sessionId);
    } else {
      if (found?.operationId !== operationId) return;
      sessions.delete(sessionId);
    }
    if (--this.#mapped <= FEW_AGAIN) this.#toList(sessions);
  }

  /** The newest are at the end, and most often wanted. */
  #indexOf(sessionId: string, operationId: string): number {
    const few = this.#few;
    for (let index = few.length - 1; index >= 0; index--) {
      const item = few[index] as Item;
      if (item.sessionId === sessionId && item.operationId === operationId) return index;
    }
    return -1;
  }

  #toMap(): void {
    const sessions = this.#sessions = new Map<string, Item | Map<string, Item>>();
    for (const item of this.#few) putInto(sessions, item);
    this.#mapped = this.#few.length;
    this.#few.length = 0;
  }

  #toList(sessions: ReadonlyMap<string, Item | Map<string, Item>>): void {
    for (const found of sessions.values()) {
      if (found instanceof Map) this.#few.push(...found.values());
      else this.#few.push(found);
    }
    this.#sessions = undefined;
  }
}

function putInto<Item extends Keyed>(
  sessions: Map<string, Item | Map<string, Item>>,
  item: Item,
): Item | undefined {
  const { sessionId, operationId } = item;
  const found = sessions.get(sessionId);
  if (found === undefined) {
    sessions.set(sessionId, item);
    return undefined;
  }
  if (found instanceof Map) {
    const same = found.get(operationId);
    if (same === undefined) found.set(operationId, item);
    return same;
  }
  if (found.operationId === operationId) return found;
  sessions.set(sessionId, new Map([[found.operationId, found], [operationId, item]]));
  return undefined;
}
