import type { MetricDeclaration } from "../../../catalog/metric.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import type { BlockEvent, BlockLife, BlockLifecycle } from "../../lifecycle/block_lifecycle.ts";
import type {
  ChunkLifecycle,
  LifecycleEvent,
  LifecycleObservations,
} from "../../lifecycle/chunk_lifecycle.ts";
import type { AccessEvent, Reuse, ReuseTracker } from "../../lifecycle/reuse_tracker.ts";
import { type KvCacheDeclarations, OURS } from "./declarations.ts";

type Metrics = Record<string, MetricDeclaration<KvCacheEvents>>;

/** What follows a sample of what comes and goes. */
export interface Trackers {
  /** The chunks of L1. */
  readonly chunks: ChunkLifecycle;
  /** The chunks that the storage manager's callers read and write. */
  readonly accesses: ReuseTracker;
  /** The blocks of engines' devices. */
  readonly blocks: BlockLifecycle;
}

/** From what a cache thrashes at to what stays for a day, in seconds. */
const LIFE_BUCKETS_S = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];
/** The last bound is the cap. */
const EVICT_REUSE_BUCKETS_S = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300];
/** From a hot prefix to a working set of millions of chunks. */
const ACCESS_BUCKETS = [1, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 1e7];

const WRITES = ["l1.write.finished", "l1.write_finished_and_read_reserved"] as const;
const ACCESSES = ["sm.read.prefetched_finished", "sm.write.finished"] as const;
const BLOCKS = ["mp.vllm.block_allocation", "mp.vllm.end_session"] as const;

/**
 * The histograms of lives and of reuse. Each listens to all that it takes to know what it records,
 * so that any of them works without the others.
 */
export function lifecycleMetrics(declarations: KvCacheDeclarations, trackers: Trackers): Metrics {
  return {
    ...chunkMetrics(declarations, trackers.chunks),
    ...reuseMetrics(declarations, trackers.accesses),
    ...blockMetrics(declarations, trackers.blocks),
  };
}

function chunkMetrics(
  { counter, histogram }: KvCacheDeclarations,
  lifecycle: ChunkLifecycle,
): Metrics {
  function of<Type extends LifecycleEvent["type"]>(
    types: readonly Type[],
    description: string,
    pick: (observations: LifecycleObservations) => readonly number[],
    buckets: readonly number[] = LIFE_BUCKETS_S,
  ): MetricDeclaration<KvCacheEvents> {
    return histogram<LifecycleEvent["type"]>(types, {
      description: `${description}, of a sample of the chunks`,
      unit: "s",
      buckets,
      measurements: (event, now) => pick(lifecycle.observe(event, now)).map((value) => ({ value })),
      attributeNames: [], // there before the first eviction
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
      "From a chunk's last read or write in L1 to its eviction",
      ({ idleBeforeEvictS }) => idleBeforeEvictS,
    ),
    "l1_chunk_reuse_gap": of(
      all,
      "From one read or write of a chunk in L1 to the next",
      ({ reuseGapS }) => reuseGapS,
    ),
    "l1_chunk_evict_reuse_gap": of(
      withoutReads,
      "From a chunk's eviction to its return to L1; 300 s if it has not come back by then",
      ({ evictReuseGapS }) => evictReuseGapS,
      EVICT_REUSE_BUCKETS_S,
    ),
    "l1_chunk_lifecycle_untracked": counter<LifecycleEvent["type"]>(
      all,
      "chunks",
      `Sampled chunks no longer tracked, so that memory stays bounded${OURS}`,
      { value: (event, now) => lifecycle.observe(event, now).untracked },
    ),
  };
}

function reuseMetrics(
  { counter, histogram }: KvCacheDeclarations,
  tracker: ReuseTracker,
): Metrics {
  const of = (
    description: string,
    unit: string,
    buckets: readonly number[],
    pick: (reuse: Reuse) => number,
  ) =>
    histogram<AccessEvent["type"]>(ACCESSES, {
      description: `${description}, of a sample of the chunks`,
      unit,
      buckets,
      measurements: (event) =>
        tracker.observe(event).reuses.map((reuse) => ({
          value: pick(reuse),
          attributes: { cache_salt: reuse.cacheSalt },
        })),
      attributeNames: ["cache_salt"],
    });
  return {
    "real_reuse_gap": of(
      "From a chunk's last access to its next read by the storage manager's callers",
      "s",
      LIFE_BUCKETS_S,
      ({ gapS }) => gapS,
    ),
    "real_reuse_gap_objects": of(
      "Accesses of its tenant from a chunk's last access to its next read",
      "chunks",
      ACCESS_BUCKETS,
      ({ gapAccesses }) => gapAccesses,
    ),
    "real_reuse_untracked": counter<AccessEvent["type"]>(
      ACCESSES,
      "chunks",
      `Sampled chunks whose reuse is no longer tracked, so that memory stays bounded${OURS}`,
      { value: (event) => tracker.observe(event).untracked },
    ),
  };
}

function blockMetrics(
  { counter, histogram }: KvCacheDeclarations,
  lifecycle: BlockLifecycle,
): Metrics {
  const of = (description: string, pick: (life: BlockLife) => readonly number[]) =>
    histogram<BlockEvent["type"]>(BLOCKS, {
      description: `${description}, of a sample of the blocks`,
      unit: "s",
      buckets: LIFE_BUCKETS_S,
      measurements: (event) =>
        lifecycle.observe(event).lives.flatMap((life) =>
          pick(life).map((value) => ({
            value,
            attributes: { instance_id: life.instanceId, model_name: life.modelName },
          }))
        ),
      attributeNames: ["instance_id", "model_name"],
    });
  return {
    "l0_block_lifetime": of(
      "From when a block of an engine's device is given to tokens until others get it",
      ({ lifetimeS }) => [lifetimeS],
    ),
    "l0_block_idle_before_evict": of(
      "From a block's last use until other tokens get it",
      ({ idleBeforeEvictS }) => [idleBeforeEvictS],
    ),
    "l0_block_reuse_gap": of(
      "Between the last four uses of a block, when other tokens get it",
      ({ reuseGapsS }) => reuseGapsS,
    ),
    "l0_block_lifecycle_untracked": counter<BlockEvent["type"]>(
      BLOCKS,
      "blocks",
      `Sampled blocks no longer tracked, so that memory stays bounded${OURS}`,
      { value: (event) => lifecycle.observe(event).untracked },
    ),
  };
}
