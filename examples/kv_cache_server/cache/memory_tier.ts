import { LruOrder } from "./lru_order.ts";
import type { BlockId, PutResult, Tier } from "./tier.ts";

/** A tier in memory. */
export class MemoryTier implements Tier {
  readonly #blocks = new Map<BlockId, Uint8Array>();
  readonly #order: LruOrder;

  constructor(capacity: number) {
    this.#order = new LruOrder(capacity);
  }

  get size(): number {
    return this.#order.size;
  }

  get(id: BlockId): Uint8Array | undefined {
    this.#order.touch(id);
    return this.#blocks.get(id);
  }

  put(id: BlockId, bytes: Uint8Array): PutResult {
    this.#blocks.set(id, bytes);
    if (this.#order.touch(id)) return { inserted: false, evicted: undefined };
    const evicted = this.#order.add(id);
    if (evicted !== undefined) this.#blocks.delete(evicted);
    return { inserted: true, evicted };
  }

  close(): void {
    this.#blocks.clear();
  }
}
