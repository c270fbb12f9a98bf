import type { EventBus } from "@busbar/busbar";
import type { ObjectKey } from "@busbar/busbar/kv-cache";
import type { ServerEvents } from "../events.ts";
import type { BlockId, Tier } from "./tier.ts";

/** A block holds the keys and values of so many tokens. */
export const TOKENS_PER_BLOCK = 512;

/** What a real block weighs is the model's affair; this one is just big enough to be checked. */
const BLOCK_BYTES = 64;

/** Who asks, and through which engine. */
export interface Client {
  readonly modelName: string;
  readonly cacheSalt: string;
  readonly engineId: string;
  readonly device: string;
}

/** What became of one request's blocks. */
export interface RequestResult {
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly misses: number;
}

/**
 * A two-tier prefix cache. A block's id stands for the tokens of the block and of all before it, so
 * the first block that is missing ends the prefix that can be reused.
 *
 * It knows nothing of metrics: it does its work and publishes what happened.
 */
export class PrefixCache {
  readonly #l1: Tier;
  readonly #l2: Tier;
  readonly #bus: EventBus<ServerEvents>;

  constructor(l1: Tier, l2: Tier, bus: EventBus<ServerEvents>) {
    this.#l1 = l1;
    this.#l2 = l2;
    this.#bus = bus;
  }

  get l1Size(): number {
    return this.#l1.size;
  }

  get l2Size(): number {
    return this.#l2.size;
  }

  /** Looks a prompt's blocks up, retrieves those that are there, and stores the others. */
  handle(sessionId: string, ids: readonly BlockId[], client: Client): RequestResult {
    const result = this.#lookUp(sessionId, ids, client);
    const found = result.l1Hits + result.l2Hits;
    if (found > 0) this.#retrieve(sessionId, found, client);
    if (found < ids.length) this.#store(sessionId, ids.slice(found), client);
    return result;
  }

  #lookUp(sessionId: string, ids: readonly BlockId[], client: Client): RequestResult {
    const session = { sessionId };
    this.#bus.publish("mp.lookup_prefetch.start", undefined, session);
    const inL1: BlockId[] = [];
    const promoted: BlockId[] = [];
    const evicted: BlockId[] = [];
    for (const id of ids) {
      const bytes = this.#l1.get(id);
      if (bytes !== undefined) {
        checkBlock(id, bytes);
        inL1.push(id);
        continue;
      }
      const below = this.#l2.get(id);
      if (below === undefined) break;
      checkBlock(id, below);
      const put = this.#l1.put(id, below);
      promoted.push(id);
      if (put.evicted !== undefined) evicted.push(put.evicted);
    }
    const found = inL1.length + promoted.length;
    const toKey = keysOf(client);
    if (inL1.length > 0) {
      const keys = inL1.map(toKey);
      this.#bus.publish("l1.read.reserved", { keys }, session);
      this.#bus.publish("l1.read.finished", { keys }, session);
    }
    if (promoted.length > 0) {
      const keys = promoted.map(toKey);
      this.#bus.publish("l1.write_finished_and_read_reserved", { keys }, session);
      this.#bus.publish("l1.read.finished", { keys }, session);
    }
    this.#tellEvicted("l1", evicted, client, sessionId);
    const outcome = {
      succeededKeys: ids.slice(0, found).map(toKey),
      failedKeys: ids.slice(found).map(toKey),
    };
    this.#bus.publish("sm.read.prefetched", outcome, session);
    this.#bus.publish("sm.read.prefetched_finished", outcome, session);
    this.#bus.publish("mp.lookup_prefetch.end", {
      foundCount: found,
      requestedTokens: ids.length * TOKENS_PER_BLOCK,
      hitTokens: found * TOKENS_PER_BLOCK,
      modelName: client.modelName,
      cacheSalt: client.cacheSalt,
    }, session);
    const missBlocks = ids.length - found;
    this.#bus.publish("kv_cache.lookup.finished", {
      l1Blocks: inL1.length,
      l2Blocks: promoted.length,
      missBlocks,
    }, session);
    return { l1Hits: inL1.length, l2Hits: promoted.length, misses: missBlocks };
  }

  #retrieve(sessionId: string, count: number, client: Client): void {
    const { device, engineId, modelName, cacheSalt } = client;
    const transfer = { device, engineId, modelName };
    this.#bus.publish("mp.retrieve.start", transfer, { sessionId });
    this.#bus.publish("mp.retrieve.end", {
      ...transfer,
      retrievedCount: count,
      cacheSalt,
      totalBytes: count * BLOCK_BYTES,
    }, { sessionId });
  }

  #store(sessionId: string, ids: readonly BlockId[], client: Client): void {
    const session = { sessionId };
    const { device, engineId, modelName } = client;
    const transfer = { device, engineId, modelName };
    const toKey = keysOf(client);
    const keys = ids.map(toKey);
    this.#bus.publish("mp.store.start", transfer, session);
    this.#bus.publish("sm.write.reserved", { succeededKeys: keys, failedKeys: [] }, session);

    const written: BlockId[] = [];
    const evictedFromL1: BlockId[] = [];
    const evictedFromL2: BlockId[] = [];
    for (const id of ids) {
      const bytes = makeBlock(id);
      const inL1 = this.#l1.put(id, bytes);
      if (inL1.inserted) written.push(id);
      if (inL1.evicted !== undefined) evictedFromL1.push(inL1.evicted);
      const inL2 = this.#l2.put(id, bytes);
      if (inL2.evicted !== undefined) evictedFromL2.push(inL2.evicted);
    }
    if (written.length > 0) {
      const writtenKeys = written.map(toKey);
      this.#bus.publish("l1.write.reserved", { keys: writtenKeys }, session);
      this.#bus.publish("l1.write.finished", { keys: writtenKeys }, session);
    }
    this.#tellEvicted("l1", evictedFromL1, client, sessionId);
    this.#tellEvicted("l2", evictedFromL2, client, sessionId);
    this.#bus.publish("sm.write.finished", { succeededKeys: keys, failedKeys: [] }, session);
    this.#bus.publish("mp.store.end", {
      ...transfer,
      storedCount: ids.length,
      totalBytes: ids.length * BLOCK_BYTES,
    }, session);
  }

  #tellEvicted(
    tier: "l1" | "l2",
    ids: readonly BlockId[],
    client: Client,
    sessionId: string,
  ): void {
    if (ids.length === 0) return;
    if (tier === "l1") {
      this.#bus.publish("l1.keys.evicted", { keys: ids.map(keysOf(client)) }, { sessionId });
    }
    this.#bus.publish("kv_cache.blocks.evicted", { tier, count: ids.length }, { sessionId });
  }
}

function keysOf({ modelName, cacheSalt }: Client): (id: BlockId) => ObjectKey {
  return (chunkHash) => ({ chunkHash, modelName, cacheSalt });
}

function makeBlock(id: BlockId): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  new DataView(bytes.buffer).setFloat64(0, id);
  return bytes;
}

function checkBlock(id: BlockId, bytes: Uint8Array): void {
  const found = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0);
  if (found !== id) throw new Error(`The cache returned block ${found} for block ${id}`);
}
