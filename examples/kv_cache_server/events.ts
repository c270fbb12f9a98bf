import type { KvCacheEvents } from "@busbar/busbar/kv-cache";

/** The preset's event map and what this example adds to it. */
export interface ServerEvents extends KvCacheEvents {
  /** An empty cache is there. */
  "kv_cache.opened": { l1Capacity: number; l2Capacity: number };
  /** A lookup has ended; how many of its chunks were where. */
  "kv_cache.lookup.finished": { l1Chunks: number; l2Chunks: number; missChunks: number };
  /** Chunks left a tier. */
  "kv_cache.chunks.evicted": { tier: "l1" | "l2"; count: number };
}
