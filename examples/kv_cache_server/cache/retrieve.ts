import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { checkBytes, type ChunkId } from "./chunk.ts";
import { cacheIdsOf, type Client, keyOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { publishAccessed } from "./publish.ts";
import { keysOf, type Tiers } from "./tiers.ts";
import { retrieving, type Transfer } from "./transfer.ts";

/** Reads what a lookup has found and held. */
export function retrieveFound(tiers: Tiers, client: Client, slots: readonly Slot[]): void {
  retrieving(tiers, client, (transfer) => {
    read(tiers, slots, transfer);
    return { moved: slots.length };
  });
}

/** Reads chunks as far as L1 has them. @returns the ids of those it does not have */
export function retrieveFromL1(
  tiers: Tiers,
  client: Client,
  ids: readonly ChunkId[],
): readonly ChunkId[] {
  const { l1, bus } = tiers;
  return retrieving(tiers, client, (transfer) => {
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
      read(tiers, slots, transfer);
      publishAccessed(tiers, slots);
    }
    for (const reason of ["not_found", "write_locked"] as const) {
      const keys = failed[reason];
      if (keys.length > 0) bus.publish("l1.read.failed", { during: "l1_retrieve", reason, keys });
    }
    return { moved: slots.length, missing };
  }).missing;
}

/** Reads held chunks, to a device if there is a transfer, and lets go of them. */
export function read({ bus }: Tiers, slots: readonly Slot[], transfer?: Transfer): void {
  const held = slots.filter(({ bytes }) => bytes !== undefined);
  const check = () => held.forEach(({ id, bytes }) => checkBytes(id, bytes as Uint8Array));
  if (transfer === undefined) check();
  else {
    transfer.run("staging", held.length, () => held.map(({ bytes }) => bytes?.slice()));
    transfer.run("kernel", held.length, check);
  }
  bus.publish("l1.read.finished", { keys: keysOf(slots) });
}
