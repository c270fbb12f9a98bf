/**
 * Events that are published from more than one place, or take more than a line.
 *
 * @module
 */
import { currentContext } from "@busbar/busbar/context";
import {
  type Chunk,
  CHUNK_BYTES,
  type ChunkId,
  sizeOf,
  tokenOf,
  TOKENS_PER_CHUNK,
} from "./chunk.ts";
import type { Client } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { type Failed, keysOf, type Tiers } from "./tiers.ts";

/** Something has to go only when L1 is full. */
const WATERMARK = 1;

/** Publishes what L2 has not delivered. */
export function publishFailed({ bus }: Tiers, failed: Failed): void {
  for (const reason of ["not_found", "serde_failure"] as const) {
    const keys = keysOf(failed[reason]);
    if (keys.length > 0) bus.publish("l2.prefetch.failed", { reason, keys });
  }
}

/** Publishes what a request asks for, if somebody keeps it. */
export function publishLookup({ bus }: Tiers, client: Client, ids: readonly ChunkId[]): void {
  if (!bus.hasSubscribers("mp.lookup")) return;
  bus.publish("mp.lookup", {
    requestId: currentContext()?.sessionId ?? "",
    chunkHashes: ids,
    modelName: client.modelName,
    chunkSize: TOKENS_PER_CHUNK,
    seqLen: sizeOf(ids.length).numTokens,
    dtypes: ["uint8"],
    shapes: [[CHUNK_BYTES]],
  });
}

/** Publishes the tokens of chunks, which stand at those places of a prompt, if somebody wants them. */
export function publishTokens(
  { bus }: Tiers,
  ids: readonly ChunkId[],
  places: readonly number[],
): void {
  if (!bus.hasSubscribers("mp.tokens")) return;
  bus.publish("mp.tokens", {
    chunkHashes: ids,
    tokenChunks: ids.map((id) => [tokenOf(id)]),
    tokenOffsets: places.map((place) => place * TOKENS_PER_CHUNK),
  });
}

/** Publishes all that a request has read and stored in L1, each chunk once. */
export async function publishAccessed(tiers: Tiers, chunks: readonly Chunk[]): Promise<void> {
  // One that had to go, and came again, is still the same.
  const said = new Set<ChunkId>();
  for await (const { part } of portions(tiers, chunks)) {
    const keys = keysOf(part.filter(({ id }) => !said.has(id) && said.add(id)));
    if (keys.length > 0) tiers.bus.publish("l1.keys.accessed", { keys });
  }
}

/** Publishes that the eviction has looked at L1, and what had to go. */
export function publishEvicted({ bus, l1 }: Tiers, slots: readonly Slot[]): void {
  const usage = l1.size / l1.capacity;
  const triggered = slots.length > 0;
  bus.publish("l1.eviction.loop_tick", { usage, watermark: WATERMARK, triggered });
  if (slots.length === 0) return;
  bus.publish("l1.keys.evicted", { keys: keysOf(slots) });
  bus.publish("kv_cache.chunks.evicted", { tier: "l1", count: slots.length });
}

/** Publishes how much each tier holds. */
export function publishCapacity({ bus, l1, l2 }: Tiers): void {
  const module = (tier: "l1" | "l2", backend: string, capacity: number) => ({
    tier,
    backend,
    capacityBytes: capacity * CHUNK_BYTES,
    shared: false,
  });
  bus.publish("sm.capacity.changed", {
    snapshot: { modules: [module("l1", "dram", l1.capacity), module("l2", "disk", l2.capacity)] },
  });
}
