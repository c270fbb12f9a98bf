import type { ChunkKey } from "@busbar/busbar/kv-cache";
import {
  CHUNK_BYTES,
  type ChunkId,
  type FilledChunk,
  makeBytes,
  TOKENS_PER_CHUNK,
} from "./chunk.ts";
import { cacheIdsOf, keyOf, transferOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { keysOf, type Operation, publishEvicted, type Tiers } from "./tiers.ts";

/** Puts chunks into L1 now, and into L2 later. @returns how many found room in L1 */
export function store(
  { l1, l2, bus, faults }: Tiers,
  { session, client, operationId }: Operation,
  ids: readonly ChunkId[],
): number {
  const transfer = transferOf(client, operationId);
  bus.publish("mp.store.start", transfer, session);
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
  bus.publish("sm.write.reserved", outcome, session);
  if (refused.length > 0) {
    bus.publish("l1.allocation.failed", { during: "l1_store", keys: refused }, session);
  }
  if (written.length > 0) {
    bus.publish("l1.write.reserved", { keys: keysOf(written) }, session);
    bus.publish("l1.write.finished", { keys: keysOf(written) }, session);
    publishEvicted({ bus, l1 }, evicted, session);
  }
  bus.publish("sm.write.finished", outcome, session);
  bus.publish("mp.store.end", {
    ...transfer,
    storedCount: stored.length,
    totalBytes: stored.length * CHUNK_BYTES,
    numTokens: stored.length * TOKENS_PER_CHUNK,
  }, session);

  l2.store(stored, session.sessionId);
  if (refused.length > 0) {
    // L2 stores what it reads from L1, and there it is not.
    const failed = { during: "l2_store", reason: "not_found", keys: refused } as const;
    bus.publish("l1.read.failed", failed, session);
  }
  return stored.length;
}
