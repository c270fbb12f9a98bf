import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { type Chunk, type ChunkId, type FilledChunk, makeBytes } from "./chunk.ts";
import { cacheIdsOf, type Client, isFirstRank, keyOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { publishEvicted, publishTokens } from "./publish.ts";
import { keysOf, type Tiers } from "./tiers.ts";
import { storing, type Transfer } from "./transfer.ts";

/**
 * Puts chunks into L1 now, and into L2 later.
 *
 * @param places where they stand in their prompt; default: at its beginning
 * @returns those that found room in L1
 */
export function store(
  tiers: Tiers,
  client: Client,
  ids: readonly ChunkId[],
  places: readonly number[] = [...ids.keys()],
): Promise<readonly Chunk[]> {
  if (tiers.faults.hasBegun("stores-hang")) return Promise.resolve([]);
  return storing(tiers, client, async (transfer) => {
    const stored: Chunk[] = [];
    for await (const { part, from } of portions(tiers, ids)) {
      if (isFirstRank(client)) publishTokens(tiers, part, places.slice(from, from + part.length));
      const { slots, refused } = write(tiers, client, part, transfer);
      schedule(tiers, slots);
      if (refused.length > 0) {
        // L2 stores what it reads from L1, and there it is not.
        const why = { during: "l2_store", reason: "not_found" } as const;
        tiers.bus.publish("l1.read.failed", { ...why, keys: refused });
      }
      for (const { id, key } of slots) stored.push({ id, key });
    }
    return stored;
  });
}

/** Puts a portion into L1. */
function write(tiers: Tiers, client: Client, ids: readonly ChunkId[], transfer: Transfer) {
  const { bus } = tiers;
  const { slots, written, evicted, refused } = reserve(tiers, client, ids);
  const outcome = { succeededKeys: keysOf(slots), failedKeys: refused };
  bus.publish("sm.write.reserved", outcome);
  if (refused.length > 0) {
    bus.publish("l1.allocation.failed", { during: "l1_store", keys: refused });
  }
  if (written.length > 0) {
    bus.publish("l1.write.reserved", { keys: keysOf(written) });
    const count = written.length;
    const gathered = transfer.run("kernel", count, () => written.map(({ id }) => makeBytes(id)));
    transfer.run("staging", count, () => {
      written.forEach((slot, i) => slot.bytes = gathered[i]?.slice());
    });
    bus.publish("l1.write.finished", { keys: keysOf(written) });
    publishEvicted(tiers, evicted);
  }
  bus.publish("sm.write.finished", outcome);
  return { slots, refused };
}

/** Hands chunks out to L2. That is a session of its own, which names who wrote them. */
function schedule({ l2, bus }: Tiers, slots: readonly Slot[]): void {
  if (slots.length === 0) return;
  const traceparent = currentTrace()?.traceparent;
  const batch = { writers: traceparent === undefined ? [] : [traceparent] };
  const pair = ["l2.store.schedule.start", "l2.store.schedule.end"] as const;
  const chunks = slots.map(({ id, key, bytes }): FilledChunk => ({
    id,
    key,
    bytes: bytes ?? makeBytes(id), // another request is still loading it
  }));
  withSession({}, () =>
    operation(bus, pair, batch, (op) => {
      l2.store(chunks);
      return op.end({});
    }, { failed: { failed: true } }));
}

/** Makes room in L1 for those chunks that are not there. */
function reserve({ l1, faults }: Tiers, client: Client, ids: readonly ChunkId[]) {
  /** Of all that have one, and of those that are new. */
  const slots: Slot[] = [];
  const written: Slot[] = [];
  const refused: ChunkKey[] = [];
  const evicted: Slot[] = [];
  cacheIdsOf(client, ids).forEach((id, i) => {
    const present = l1.touch(id);
    if (present !== undefined) {
      slots.push(present);
      return;
    }
    const key = keyOf(client, ids[i] as ChunkId);
    if (faults.isDue("l1-oom")) {
      refused.push(key);
      return;
    }
    const reserved = l1.reserve(id, key);
    slots.push(reserved.slot);
    written.push(reserved.slot);
    if (reserved.evicted !== undefined) evicted.push(reserved.evicted);
  });
  return { slots, written, refused, evicted };
}
