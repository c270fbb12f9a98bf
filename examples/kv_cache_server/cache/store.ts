import { operation } from "@busbar/busbar/context";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import {
  CHUNK_BYTES,
  type ChunkId,
  type FilledChunk,
  makeBytes,
  TOKENS_PER_CHUNK,
} from "./chunk.ts";
import { cacheIdsOf, type Client, keyOf, transferOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { keysOf, publishEvicted, type Tiers } from "./tiers.ts";

/** Puts chunks into L1 now, and into L2 later. @returns how many found room in L1 */
export function store(tiers: Tiers, client: Client, ids: readonly ChunkId[]): number {
  const { l2, bus } = tiers;
  const transfer = transferOf(client);
  const { stored, refused } = operation(bus, ["mp.store.start", "mp.store.end"], transfer, (op) => {
    const outcome = storeInL1(tiers, client, ids);
    const storedCount = outcome.stored.length;
    return op.end({ ...transfer, storedCount, ...sizeOf(storedCount) }, outcome);
  }, { failed: { ...transfer, storedCount: 0, ...sizeOf(0) } });

  l2.store(stored);
  if (refused.length > 0) {
    // L2 stores what it reads from L1, and there it is not.
    bus.publish("l1.read.failed", { during: "l2_store", reason: "not_found", keys: refused });
  }
  return stored.length;
}

/** What so many chunks weigh. */
export function sizeOf(chunks: number): { totalBytes: number; numTokens: number } {
  return { totalBytes: chunks * CHUNK_BYTES, numTokens: chunks * TOKENS_PER_CHUNK };
}

function storeInL1(tiers: Tiers, client: Client, ids: readonly ChunkId[]) {
  const { l1, bus, faults } = tiers;
  const stored: FilledChunk[] = [];
  const written: Slot[] = [];
  const refused: ChunkKey[] = [];
  const evicted: Slot[] = [];
  cacheIdsOf(client, ids).forEach((id, i) => {
    const present = l1.touch(id);
    if (present !== undefined) {
      stored.push({ id, key: present.key, bytes: present.bytes ?? makeBytes(id) });
      return;
    }
    const key = keyOf(client, ids[i] as ChunkId);
    if (faults.refusesAllocation()) {
      refused.push(key);
      return;
    }
    const reserved = l1.reserve(id, key);
    const bytes = makeBytes(id);
    reserved.slot.bytes = bytes;
    written.push(reserved.slot);
    stored.push({ id, key, bytes });
    if (reserved.evicted !== undefined) evicted.push(reserved.evicted);
  });
  const outcome = { succeededKeys: keysOf(stored), failedKeys: refused };
  bus.publish("sm.write.reserved", outcome);
  if (refused.length > 0) {
    bus.publish("l1.allocation.failed", { during: "l1_store", keys: refused });
  }
  if (written.length > 0) {
    bus.publish("l1.write.reserved", { keys: keysOf(written) });
    bus.publish("l1.write.finished", { keys: keysOf(written) });
    publishEvicted(tiers, evicted);
  }
  bus.publish("sm.write.finished", outcome);
  return { stored, refused };
}
