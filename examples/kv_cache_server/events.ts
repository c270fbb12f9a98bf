import type { HttpServerEvents } from "@busbar/busbar/instrumentation/http";
import type { KvCacheEvents } from "@busbar/busbar/kv-cache";

/** What the presets publish, and what this example adds. */
export interface ServerEvents extends KvCacheEvents, HttpServerEvents {
  /** An empty cache is there. */
  "kv_cache.opened": { l1Capacity: number; l2Capacity: number };
  /** A lookup has ended; how many of its chunks were where. */
  "kv_cache.lookup.finished": { l1Chunks: number; l2Chunks: number; missChunks: number };
  /** Chunks left a tier. */
  "kv_cache.chunks.evicted": { tier: "l1" | "l2"; count: number };
}
