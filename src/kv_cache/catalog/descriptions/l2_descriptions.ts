import type { StorageEvents } from "../../events/storage.ts";
import { BYTES, CHUNKS, type Descriptions, keyCountPerSalt, keys, operation } from "./fields.ts";

const task = {
  ...operation,
  adapterIndex: { description: "The adapter's place among the adapters" },
  taskId: { description: "The task's id, of its adapter's own" },
  l2Name: { description: "The adapter's name" },
};
const submitted = {
  keyCount: { description: "Keys in the task", unit: CHUNKS },
  totalBytes: { description: "Their bytes", unit: BYTES },
};
const requestId = { requestId: { description: "Names the prefetch in all its events" } };
const prefetch = {
  ...operation,
  ...requestId,
  keyCount: { description: "Keys asked for", unit: CHUNKS },
  adapterCount: { description: "Adapters that are asked" },
  ...keyCountPerSalt,
};
const adapterKeys = {
  ...keys,
  backend: { description: "What the adapter is" },
  shared: { description: "Whether others use its store too" },
};

type L2Type = Extract<keyof StorageEvents, `l2.${string}`>;

/** What L2's events mean. */
export const L2_DESCRIPTIONS: Descriptions<Pick<StorageEvents, L2Type>> = {
  "l2.store.schedule.start": {
    description: "The stores of a batch are handed out to L2's adapters. Busbar's own",
    metadata: { ...operation, writers: { description: "The traceparents of its writers" } },
  },
  "l2.store.schedule.end": {
    description: "The stores of a batch were handed out. Busbar's own",
    metadata: { ...operation, failed: { description: "Whether it failed" } },
  },
  "l2.store.submitted": {
    description: "An L2 adapter was given chunks to store",
    metadata: { ...task, ...submitted, ...keyCountPerSalt },
  },
  "l2.store.completed": {
    description: "An L2 adapter has done what it could of a store",
    metadata: {
      ...task,
      succeededCount: { description: "Keys stored", unit: CHUNKS },
      failedCount: { description: "Keys not stored", unit: CHUNKS },
      bytesTransferred: {
        description: "Bytes that were really written: none for what the adapter had already",
        unit: BYTES,
      },
      ...keyCountPerSalt,
    },
  },
  "l2.prefetch.lookup.submitted": {
    description: "L2 is asked for the chunks that L1 lacks, all adapters together",
    metadata: prefetch,
  },
  "l2.prefetch.load.submitted": {
    description: "Chunks are to be loaded from L2 into L1, all adapters together",
    metadata: prefetch,
  },
  "l2.prefetch.load.completed": {
    description: "Chunks were loaded from L2 into L1, as far as it worked",
    metadata: {
      ...operation,
      ...requestId,
      loadedCount: { description: "Keys brought into L1", unit: CHUNKS },
      failedCount: { description: "Keys not brought", unit: CHUNKS },
      ...keyCountPerSalt,
    },
  },
  "l2.prefetch.deadline": {
    description: "A prefetch took longer than it may; its caller got what was there",
    metadata: {
      ...operation,
      ...requestId,
      phase: { description: "What it was at: queued, lookup or load" },
      budgetSeconds: { description: "How long it may take", unit: "s" },
      elapsedSeconds: { description: "How long it has taken", unit: "s" },
      retainedChunks: { description: "Chunks that its caller got", unit: CHUNKS },
      missedChunks: { description: "Chunks that its caller did not get", unit: CHUNKS },
    },
  },
  "l2.prefetch.failed": {
    description: "Chunks that L2 has did not come into L1",
    metadata: {
      ...keys,
      reason: {
        description:
          "l1_oom: no room; not_found: the adapter did not deliver; serde_failure: what it " +
          "delivered could not be read",
      },
    },
  },
  "l2.load_task.submitted": {
    description: "An L2 adapter was given its part of a load",
    metadata: { ...task, ...requestId, ...submitted },
  },
  "l2.load_task.completed": {
    description: "An L2 adapter has ended its part of a load",
    metadata: {
      ...task,
      ...requestId,
      bytesTransferred: {
        description: "Bytes that were really read; absent: all that were asked for",
        unit: BYTES,
      },
    },
  },
  "l2.keys.evicted": {
    description: "Chunks left L2",
    metadata: { keyCount: { description: "How many keys", unit: CHUNKS }, ...keyCountPerSalt },
  },
  "l2.keys.stored": {
    description: "An adapter has stored keys",
    metadata: {
      ...adapterKeys,
      sizes: { description: "The bytes of each, in the order of the keys", unit: BYTES },
    },
  },
  "l2.keys.accessed": {
    description: "An adapter was asked for keys that it has",
    metadata: adapterKeys,
  },
  "l2.keys.deleted": { description: "An adapter has deleted keys", metadata: adapterKeys },
};
