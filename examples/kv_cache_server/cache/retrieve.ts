import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { checkBytes, type ChunkId } from "./chunk.ts";
import { cacheIdsOf, type Client, keyOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { publishAccessed } from "./publish.ts";
import { keysOf, type Tiers } from "./tiers.ts";
import { retrieving, type Transfer } from "./transfer.ts";

/** Reads what a lookup has found and held. */
export async function retrieveFound(
  tiers: Tiers,
  client: Client,
  slots: readonly Slot[],
): Promise<void> {
  if (tiers.faults.hasBegun("retrieves-hang")) return;
  await retrieving(tiers, client, async (transfer) => {
    for await (const { part } of portions(tiers, slots)) read(tiers, part, transfer);
    return slots;
  });
}

/** Reads chunks as far as L1 has them. @returns the ids of those it does not have */
export async function retrieveFromL1(
  tiers: Tiers,
  client: Client,
  ids: readonly ChunkId[],
): Promise<readonly ChunkId[]> {
  const missing: ChunkId[] = [];
  await retrieving(tiers, client, async (transfer) => {
    const slots: Slot[] = [];
    for await (const { part } of portions(tiers, ids)) {
      const outcome = readPortion(tiers, client, part, transfer);
      slots.push(...outcome.slots);
      missing.push(...outcome.missing);
    }
    await publishAccessed(tiers, slots);
    return slots;
  });
  return missing;
}

function readPortion(
  tiers: Tiers,
  client: Client,
  ids: readonly ChunkId[],
  transfer: Transfer,
) {
  const { l1, bus } = tiers;
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
  }
  for (const reason of ["not_found", "write_locked"] as const) {
    const keys = failed[reason];
    if (keys.length > 0) bus.publish("l1.read.failed", { during: "l1_retrieve", reason, keys });
  }
  return { slots, missing };
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
