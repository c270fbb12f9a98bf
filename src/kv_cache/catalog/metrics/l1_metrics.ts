import type { MetricDeclaration } from "../../../catalog/metric.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { keysPerModel, keysPerSalt, type KvCacheDeclarations } from "./declarations.ts";

/** L1: what is read, written and evicted, and what fails. */
export function l1Metrics(
  { counter }: KvCacheDeclarations,
): Record<string, MetricDeclaration<KvCacheEvents>> {
  return {
    "l1_read": counter("l1.read.finished", "chunks", "Chunks read from L1", keysPerSalt),
    "l1_write": counter(
      ["l1.write.finished", "l1.write_finished_and_read_reserved"],
      "chunks",
      "Chunks written to L1, promotions from L2 included",
      keysPerSalt,
    ),
    "l1_evicted": counter(
      "l1.keys.evicted",
      "chunks",
      "Chunks that left L1, evicted or deleted",
      keysPerSalt,
    ),
    "l1_eviction_loop_ticks": counter(
      "l1.eviction.loop_tick",
      "",
      "Times that the eviction loop has looked at L1",
    ),
    "l1_eviction_loop_triggered": counter(
      "l1.eviction.loop_tick",
      "",
      "Times that the eviction policy had to run",
      { value: ({ metadata }) => metadata.triggered ? 1 : 0 },
    ),
    "l1_allocation_failure": counter(
      "l1.allocation.failed",
      "chunks",
      "Chunks that found no room in L1, by what it was for",
      {
        attributes: ({ metadata: { during } }) => ({ during }),
        counts: keysPerModel,
      },
    ),
    "l1_read_failure": counter(
      "l1.read.failed",
      "chunks",
      "Chunks that a lookup had found and that could not be read from L1, by what for and why",
      {
        attributes: ({ metadata: { during, reason } }) => ({ during, reason }),
        counts: keysPerModel,
      },
    ),
  };
}
