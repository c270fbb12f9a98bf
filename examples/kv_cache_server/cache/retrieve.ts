import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { checkBytes, CHUNK_BYTES, type ChunkId, TOKENS_PER_CHUNK } from "./chunk.ts";
import { cacheIdsOf, type Client, keyOf, transferOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { keysOf, type Operation, type Session, type Tiers } from "./tiers.ts";

/** Reads what a lookup has found and held. */
export function retrieveFound(
  { bus }: Tiers,
  { session, client, operationId }: Operation,
  slots: readonly Slot[],
): void {
  bus.publish("mp.retrieve.start", transferOf(client, operationId), session);
  // Whoever waits for its end gets one, also if the content is not what it must be.
  let retrieved = 0;
  try {
    read({ bus }, session, slots);
    retrieved = slots.length;
  } finally {
    bus.publish("mp.retrieve.end", endOf(client, operationId, retrieved), session);
  }
}

/** Reads chunks as far as L1 has them. @returns the ids of those it does not have */
export function retrieveFromL1(
  { l1, bus }: Tiers,
  { session, client, operationId }: Operation,
  ids: readonly ChunkId[],
): ChunkId[] {
  bus.publish("mp.retrieve.start", transferOf(client, operationId), session);
  const slots: Slot[] = [];
  const missing: ChunkId[] = [];
  const failed: Record<"not_found" | "write_locked", ChunkKey[]> = {
    not_found: [],
    write_locked: [],
  };
  cacheIdsOf(client, ids).forEach((cacheId, i) => {
    const slot = l1.touch(cacheId);
    if (slot?.bytes !== undefined) {
      slots.push(slot);
      return;
    }
    const id = ids[i] as ChunkId;
    missing.push(id);
    failed[slot === undefined ? "not_found" : "write_locked"].push(keyOf(client, id));
  });
  let retrieved = 0;
  try {
    if (slots.length > 0) {
      bus.publish("l1.read.reserved", { keys: keysOf(slots) }, session);
      read({ bus }, session, slots);
    }
    for (const reason of ["not_found", "write_locked"] as const) {
      const keys = failed[reason];
      if (keys.length === 0) continue;
      bus.publish("l1.read.failed", { during: "l1_retrieve", reason, keys }, session);
    }
    retrieved = slots.length;
  } finally {
    bus.publish("mp.retrieve.end", endOf(client, operationId, retrieved), session);
  }
  return missing;
}

function endOf(client: Client, operationId: number, retrievedCount: number) {
  return {
    ...transferOf(client, operationId),
    retrievedCount,
    cacheSalt: client.cacheSalt,
    totalBytes: retrievedCount * CHUNK_BYTES,
    numTokens: retrievedCount * TOKENS_PER_CHUNK,
  };
}

/** Reads held chunks and lets go of them. */
export function read(
  { bus }: Pick<Tiers, "bus">,
  session: Session,
  slots: readonly Slot[],
): void {
  for (const { id, bytes } of slots) if (bytes !== undefined) checkBytes(id, bytes);
  bus.publish("l1.read.finished", { keys: keysOf(slots) }, session);
}
