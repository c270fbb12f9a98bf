import { declare } from "../../catalog/declare.ts";
import type { MetricDeclaration } from "../../catalog/metric.ts";
import type { ChunkLifecycle, LifecycleEvent, LifecycleObservations } from "../chunk_lifecycle.ts";
import type { KvCacheEvents } from "../events.ts";

const { counter, histogram } = declare<KvCacheEvents>();

/** From what a cache thrashes at to what stays for a day, in seconds. */
const BUCKETS_S = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];
/** The last bound is the cap. */
const EVICT_REUSE_BUCKETS_S = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300];

const WRITES = ["l1.write.finished", "l1.write_finished_and_read_reserved"] as const;

/**
 * The histograms of the chunks' lives in L1. Each listens to all that it takes to know what it
 * records, so that any of them works without the others.
 */
export function lifecycleMetrics(
  lifecycle: ChunkLifecycle,
): Record<string, MetricDeclaration<KvCacheEvents>> {
  function of<Type extends LifecycleEvent["type"]>(
    types: readonly Type[],
    description: string,
    pick: (observations: LifecycleObservations) => readonly number[],
    buckets: readonly number[] = BUCKETS_S,
  ): MetricDeclaration<KvCacheEvents> {
    return histogram<LifecycleEvent["type"]>(types, {
      description: `${description}, of a sample of the chunks`,
      unit: "s",
      buckets,
      measurements: (event) => pick(lifecycle.observe(event)).map((value) => ({ value })),
    });
  }
  const all = [...WRITES, "l1.read.finished", "l1.keys.evicted"] as const;
  const withoutReads = [...WRITES, "l1.keys.evicted"] as const;
  return {
    "l1_chunk_lifetime": of(
      withoutReads,
      "From a chunk's write to L1 to its eviction",
      ({ lifetimeS }) => lifetimeS,
    ),
    "l1_chunk_idle_before_evict": of(
      all,
      "From a chunk's last use in L1 to its eviction",
      ({ idleBeforeEvictS }) => idleBeforeEvictS,
    ),
    "l1_chunk_reuse_gap": of(
      all,
      "From one use of a chunk in L1 to the next read of it",
      ({ reuseGapS }) => reuseGapS,
    ),
    "l1_chunk_evict_reuse_gap": of(
      withoutReads,
      "From a chunk's eviction to its return to L1, at most 300 s",
      ({ evictReuseGapS }) => evictReuseGapS,
      EVICT_REUSE_BUCKETS_S,
    ),
    "l1_chunk_lifecycle_untracked": counter<LifecycleEvent["type"]>(all, {
      description: "Sampled chunks no longer tracked, so that memory stays bounded",
      unit: "chunks",
      value: (event) => lifecycle.observe(event).untracked,
    }),
  };
}
