import type { EventDescription, FieldDescription } from "../../catalog/event_description.ts";
import type { EventTypeOf } from "../../events/event_map.ts";
import type { KvCacheEvents } from "../events.ts";

/** A description of every event, and of every field of it. */
type Descriptions = {
  readonly [Type in EventTypeOf<KvCacheEvents>]: EventDescription<KvCacheEvents[Type]> & {
    readonly metadata: Readonly<
      Record<keyof NonNullable<KvCacheEvents[Type]> & string, FieldDescription>
    >;
  };
};

const CHUNKS = "chunks";
const TOKENS = "tokens";
const BYTES = "By";

const operation = {
  operationId: {
    description:
      "Distinguishes operations of one kind in one session, where the event has no id of its own",
  },
};
const keys = {
  keys: { description: "The chunks: chunk hash, model name and cache salt of each", unit: CHUNKS },
};
const outcome = {
  succeededKeys: { description: "The chunks it worked for", unit: CHUNKS },
  failedKeys: { description: "The chunks it did not work for", unit: CHUNKS },
};
const modelName = { modelName: { description: "The model's name" } };
const cacheSalt = { cacheSalt: { description: "Separates tenants" } };
const transfer = {
  ...operation,
  device: { description: "The device that the engine holds its chunks on" },
  engineId: { description: "The engine's id; a scrape calls it worker_id or engine_id" },
  ...modelName,
};
const l2Task = {
  ...operation,
  adapterIndex: { description: "The adapter's place among the adapters" },
  taskId: { description: "The task's id, of its adapter's own" },
  l2Name: { description: "The adapter's name" },
  keyCount: { description: "Chunks in the task", unit: CHUNKS },
  totalBytes: { description: "Their bytes", unit: BYTES },
};
const requestId = { requestId: { description: "Names the prefetch in all its events" } };
const l2Request = {
  ...operation,
  ...requestId,
  keyCount: { description: "Chunks asked for", unit: CHUNKS },
};
const l2Lookup = {
  ...l2Request,
  adapterCount: { description: "Adapters that are asked" },
};

/** What each event means, for people and for the documents. */
export const KV_CACHE_DESCRIPTIONS: Descriptions = {
  "l1.read.reserved": { description: "Chunks of L1 are held for reading", metadata: keys },
  "l1.read.finished": { description: "Chunks of L1 were read", metadata: keys },
  "l1.read.failed": {
    description: "Chunks could not be read from L1",
    metadata: {
      ...keys,
      during: { description: "What they were read for: l2_store or l1_retrieve" },
      reason: { description: "not_found, or write_locked while they are being written" },
    },
  },
  "l1.write.reserved": { description: "Room in L1 is held for writing", metadata: keys },
  "l1.write.finished": { description: "Chunks were written to L1", metadata: keys },
  "l1.write_finished_and_read_reserved": {
    description: "Chunks were promoted from L2 to L1 and are held for reading",
    metadata: keys,
  },
  "l1.allocation.failed": {
    description: "L1 had no room for chunks",
    metadata: { ...keys, during: { description: "What it was for: l1_store or l2_prefetch" } },
  },
  "l1.keys.evicted": { description: "Chunks left L1", metadata: keys },
  "l1.eviction.loop_tick": {
    description: "The eviction loop has looked at L1",
    metadata: { triggered: { description: "Whether anything had to go" } },
  },
  "sm.read.prefetched": {
    description: "The storage manager has begun to bring chunks into L1",
    metadata: outcome,
  },
  "sm.read.prefetched_finished": {
    description: "The storage manager has brought chunks into L1",
    metadata: outcome,
  },
  "sm.write.reserved": {
    description: "The storage manager holds room for writing",
    metadata: outcome,
  },
  "sm.write.finished": { description: "The storage manager has written", metadata: outcome },
  "mp.request.start": {
    description: "A request begins: the root of its session",
    metadata: operation,
  },
  "mp.request.end": {
    description: "A request was answered; what it began may still be under way",
    metadata: operation,
  },
  "mp.store.submitted": { description: "A store was put into the queue", metadata: transfer },
  "mp.store.start": { description: "An engine begins to store chunks", metadata: transfer },
  "mp.store.end": {
    description: "An engine has stored chunks",
    metadata: {
      ...transfer,
      storedCount: { description: "Chunks stored", unit: CHUNKS },
      totalBytes: { description: "Bytes stored", unit: BYTES },
    },
  },
  "mp.retrieve.submitted": {
    description: "A retrieve was put into the queue",
    metadata: transfer,
  },
  "mp.retrieve.start": { description: "An engine begins to retrieve chunks", metadata: transfer },
  "mp.retrieve.end": {
    description: "An engine has retrieved chunks",
    metadata: {
      ...transfer,
      ...cacheSalt,
      retrievedCount: { description: "Chunks retrieved", unit: CHUNKS },
      totalBytes: { description: "Bytes retrieved", unit: BYTES },
    },
  },
  "mp.lookup_prefetch.start": { description: "A lookup begins", metadata: operation },
  "mp.lookup_prefetch.end": {
    description: "A lookup has ended, and brought what it found into L1",
    metadata: {
      ...operation,
      ...modelName,
      ...cacheSalt,
      foundCount: { description: "Chunks found", unit: CHUNKS },
      requestedTokens: { description: "Tokens that the request asked for", unit: TOKENS },
      hitTokens: { description: "Tokens that the cache holds a prefix of", unit: TOKENS },
    },
  },
  "l2.store.submitted": {
    description: "An L2 adapter was given chunks to store",
    metadata: l2Task,
  },
  "l2.store.completed": {
    description: "An L2 adapter has done what it could of a store",
    metadata: {
      ...l2Task,
      succeededCount: { description: "Chunks stored", unit: CHUNKS },
      failedCount: { description: "Chunks not stored", unit: CHUNKS },
      bytesTransferred: { description: "Bytes stored", unit: BYTES },
    },
  },
  "l2.prefetch.lookup.submitted": {
    description: "L2 is asked for the chunks that L1 lacks",
    metadata: l2Lookup,
  },
  "l2.prefetch.lookup.completed": {
    description: "L2 has said which of the chunks it has",
    metadata: {
      ...l2Lookup,
      prefixHitCount: { description: "Chunks found, from the first without a gap", unit: CHUNKS },
    },
  },
  "l2.prefetch.load.submitted": {
    description: "Chunks are to be loaded from L2 into L1",
    metadata: l2Request,
  },
  "l2.prefetch.load.completed": {
    description: "Chunks were loaded from L2 into L1, as far as it worked",
    metadata: {
      ...l2Request,
      loadedCount: { description: "Chunks brought into L1", unit: CHUNKS },
      failedCount: { description: "Chunks not brought", unit: CHUNKS },
    },
  },
  "l2.load_task.submitted": {
    description: "An L2 adapter was given its part of a load",
    metadata: { ...l2Task, ...requestId },
  },
  "l2.load_task.completed": {
    description: "An L2 adapter has ended its part of a load",
    metadata: {
      ...l2Task,
      ...requestId,
      keyCount: { description: "Chunks delivered", unit: CHUNKS },
      totalBytes: { description: "Bytes delivered", unit: BYTES },
    },
  },
  "l2.prefetch.failed": {
    description: "Chunks that L2 has did not come into L1",
    metadata: {
      ...keys,
      reason: { description: "l1_oom: no room; not_found: the adapter did not deliver" },
    },
  },
  "l2.keys.evicted": { description: "Chunks left L2", metadata: keys },
};
