import { operation } from "@busbar/busbar/context";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { checkBytes, type ChunkId } from "./chunk.ts";
import { cacheIdsOf, type Client, keyOf, transferOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { sizeOf } from "./store.ts";
import { keysOf, type Tiers } from "./tiers.ts";

/** Reads what a lookup has found and held. */
export function retrieveFound(tiers: Tiers, client: Client, slots: readonly Slot[]): void {
  retrieve(tiers, client, () => {
    read(tiers, slots);
    return { retrieved: slots.length };
  });
}

/** Reads chunks as far as L1 has them. @returns the ids of those it does not have */
export function retrieveFromL1(
  tiers: Tiers,
  client: Client,
  ids: readonly ChunkId[],
): readonly ChunkId[] {
  const { l1, bus } = tiers;
  return retrieve(tiers, client, () => {
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
    if (slots.length > 0) {
      bus.publish("l1.read.reserved", { keys: keysOf(slots) });
      read(tiers, slots);
    }
    for (const reason of ["not_found", "write_locked"] as const) {
      const keys = failed[reason];
      if (keys.length > 0) bus.publish("l1.read.failed", { during: "l1_retrieve", reason, keys });
    }
    return { retrieved: slots.length, missing };
  }).missing;
}

/** Reads held chunks and lets go of them. */
export function read({ bus }: Tiers, slots: readonly Slot[]): void {
  for (const { id, bytes } of slots) if (bytes !== undefined) checkBytes(id, bytes);
  bus.publish("l1.read.finished", { keys: keysOf(slots) });
}

/** Whoever waits for the end gets one, also if the content is not what it must be. */
function retrieve<Result extends { readonly retrieved: number }>(
  { bus }: Tiers,
  client: Client,
  work: () => Result,
): Result {
  const transfer = transferOf(client);
  const endOf = (retrievedCount: number) => ({
    ...transfer,
    retrievedCount,
    cacheSalt: client.cacheSalt,
    ...sizeOf(retrievedCount),
  });
  return operation(bus, ["mp.retrieve.start", "mp.retrieve.end"], transfer, (op) => {
    const result = work();
    return op.end(endOf(result.retrieved), result);
  }, { failed: endOf(0) });
}
