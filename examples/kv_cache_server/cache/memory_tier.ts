import type { ChunkKey } from "@busbar/busbar/kv-cache";
import type { Chunk, ChunkId } from "./chunk.ts";
import { LruMap } from "./lru_map.ts";

/** A place in memory for one chunk; until its content is there it is locked for writing. */
export interface Slot extends Chunk {
  bytes: Uint8Array | undefined;
  /** Settles when the content is there, or will not come. */
  written: Promise<unknown> | undefined;
}

/** L1: chunks in memory. */
export class MemoryTier {
  #capacity: number;
  readonly #slots: LruMap<ChunkId, Slot>;

  /** @param capacity how many chunks it holds */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#slots = new LruMap(capacity);
  }

  /** How many chunks it holds. */
  get capacity(): number {
    return this.#capacity;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** A chunk's slot, which is the most recent one now. */
  touch(id: ChunkId): Slot | undefined {
    return this.#slots.touch(id);
  }

  /** A chunk's slot, as recent as it was. */
  peek(id: ChunkId): Slot | undefined {
    return this.#slots.peek(id);
  }

  /** Makes a slot for a chunk that has none. The least recent one may have to go. */
  reserve(id: ChunkId, key: ChunkKey): { slot: Slot; evicted: Slot | undefined } {
    const slot: Slot = { id, key, bytes: undefined, written: undefined };
    return { slot, evicted: this.#slots.add(id, slot) };
  }

  /** Holds more or fewer chunks from now on. @returns those that had to go */
  resize(capacity: number): Slot[] {
    this.#capacity = capacity;
    return this.#slots.resize(capacity);
  }

  /** Gives up a slot whose content will not come. */
  release(slot: Slot): void {
    this.#slots.remove(slot.id, slot);
  }
}
