import type { StorageEvents } from "../../events/storage.ts";
import { CHUNKS, type Descriptions, keys } from "./fields.ts";

const keysWithMeta = {
  ...keys,
  meta: { description: "How each lies in L1: its bytes, and dram, devdax or gds" },
};
const outcome = {
  succeededKeys: { description: "The chunks it worked for", unit: CHUNKS },
  failedKeys: { description: "The chunks it did not work for", unit: CHUNKS },
};

/** What L1's events and the storage manager's mean. */
export const L1_DESCRIPTIONS: Descriptions<Omit<StorageEvents, `l2.${string}`>> = {
  "l1.read.reserved": { description: "Chunks of L1 are held for reading", metadata: keys },
  "l1.read.finished": {
    description: "Chunks of L1 were read, and are no longer held",
    metadata: keys,
  },
  "l1.read.failed": {
    description: "Chunks that a lookup had found could not be read from L1: a race, never a miss",
    metadata: {
      ...keys,
      during: { description: "What they were read for: l2_store or l1_retrieve" },
      reason: { description: "not_found, or write_locked while they are being written" },
    },
  },
  "l1.write.reserved": { description: "Room in L1 is held for writing", metadata: keys },
  "l1.write.finished": { description: "Chunks were written to L1", metadata: keysWithMeta },
  "l1.write_finished_and_read_reserved": {
    description: "Chunks were promoted from L2 to L1 and are held for reading",
    metadata: keysWithMeta,
  },
  "l1.allocation.failed": {
    description: "L1 had no room for chunks",
    metadata: { ...keys, during: { description: "What it was for: l1_store or l2_prefetch" } },
  },
  "l1.keys.evicted": {
    description: "Chunks left L1, evicted or deleted otherwise",
    metadata: keysWithMeta,
  },
  "l1.keys.accessed": {
    description: "A request has ended; all that it read and stored, once",
    metadata: keys,
  },
  "l1.eviction.loop_tick": {
    description: "The eviction loop has looked at L1, about once a second",
    metadata: {
      usage: { description: "How full L1 is, from 0 to 1", unit: "1" },
      watermark: { description: "From where on something has to go, from 0 to 1", unit: "1" },
      triggered: { description: "Whether that was reached, and the eviction policy has run" },
    },
  },
  "sm.read.prefetched_finished": {
    description: "The storage manager has brought chunks into L1, or found them there",
    metadata: outcome,
  },
  "sm.write.reserved": {
    description: "The storage manager holds room for writing",
    metadata: outcome,
  },
  "sm.write.finished": { description: "The storage manager has written", metadata: outcome },
  "sm.capacity.changed": {
    description: "Stores were added, or their sizes have changed",
    metadata: {
      snapshot: {
        description: "The whole topology: tier, backend, capacityBytes and shared of each module",
      },
    },
  },
};
