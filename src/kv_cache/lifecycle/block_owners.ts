/** How many requests own each tracked block, on average, before the oldest ones are let go. */
const OWNERS_PER_BLOCK = 4;

/**
 * Which requests own which blocks. Memory is bounded: a request whose end is never reported is
 * taken to have ended when there are too many.
 */
export class BlockOwners {
  readonly #maxOwnerships: number;
  /** The blocks of each request, the oldest request first. */
  readonly #blocks = new Map<string, Set<string>>();
  readonly #owners = new Map<string, Set<string>>();
  #ownerships = 0;

  /** @param maxBlocks how many blocks are tracked */
  constructor(maxBlocks: number) {
    this.#maxOwnerships = maxBlocks * OWNERS_PER_BLOCK;
  }

  /** Whether any request owns the block. */
  isOwned(block: string): boolean {
    return this.#owners.has(block);
  }

  /** Makes the request one more owner of the block. */
  add(block: string, request: string): void {
    const owners = open(this.#owners, block);
    if (owners.has(request)) return;
    owners.add(request);
    open(this.#blocks, request).add(block);
    this.#ownerships++;
    while (this.#ownerships > this.#maxOwnerships) {
      const [oldest] = this.#blocks.keys();
      this.release(oldest as string);
    }
  }

  /** Takes the request away from all its blocks. */
  release(request: string): void {
    const blocks = this.#blocks.get(request);
    if (blocks === undefined) return;
    this.#blocks.delete(request);
    for (const block of blocks) {
      this.#ownerships--;
      remove(this.#owners, block, request);
    }
  }

  /** Takes all owners away from the block. */
  clear(block: string): void {
    for (const request of this.#owners.get(block) ?? []) {
      this.#ownerships--;
      remove(this.#blocks, request, block);
    }
    this.#owners.delete(block);
  }
}

function open(sets: Map<string, Set<string>>, name: string): Set<string> {
  let set = sets.get(name);
  if (set === undefined) sets.set(name, set = new Set());
  return set;
}

function remove(sets: Map<string, Set<string>>, name: string, item: string): void {
  const set = sets.get(name);
  set?.delete(item);
  if (set?.size === 0) sets.delete(name);
}
