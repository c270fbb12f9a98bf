import type { EventAttributes } from "../../../catalog/attributes.ts";
import type { MetricDeclaration } from "../../../catalog/metric.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { l2LoadId, l2StoreId } from "../operation_ids.ts";
import { countedPerSalt, keysPerModel, type KvCacheDeclarations, OURS } from "./declarations.ts";

type Metrics = Record<string, MetricDeclaration<KvCacheEvents>>;

/** L2: what it stores, finds, loads and evicts, and what fails. */
export function l2Metrics(declarations: KvCacheDeclarations): Metrics {
  return { ...storeMetrics(declarations), ...loadMetrics(declarations) };
}

function storeMetrics({ counter, throughput }: KvCacheDeclarations): Metrics {
  return {
    "l2_store_submitted": counter("l2.store.submitted", "requests", "Stores that L2 was given"),
    "l2_store_submitted_objects": counter(
      "l2.store.submitted",
      "chunks",
      "Chunks that L2 was given to store",
      countedPerSalt,
    ),
    "l2_store_completed": counter(
      "l2.store.completed",
      "requests",
      "Stores that L2 has ended, whether they worked or not",
      { attributes: l2Name },
    ),
    "l2_store_completed_objects": counter(
      "l2.store.completed",
      "chunks",
      "Chunks that L2 has stored",
      countedPerSalt,
    ),
    "l2_store_failed_objects": counter(
      "l2.store.completed",
      "chunks",
      `Chunks that L2 has failed to store${OURS}`,
      { value: ({ metadata }) => metadata.failedCount, attributes: l2Name },
    ),
    "l2_store_throughput": throughput("l2.store.submitted", "l2.store.completed", {
      description: "How fast L2 stores, the wait in its queue included",
      bytes: ({ metadata }) => metadata.bytesTransferred,
      attributes: l2Name,
      operationId: l2StoreId,
      acrossSessions: true, // an adapter does not know whose request it was
    }),
    "l2_evicted_objects": counter(
      "l2.keys.evicted",
      "chunks",
      "Chunks evicted from L2",
      countedPerSalt,
    ),
  };
}

function loadMetrics({ counter, throughput }: KvCacheDeclarations): Metrics {
  return {
    "l2_prefetch_lookup": counter(
      "l2.prefetch.lookup.submitted",
      "requests",
      "Times that L2 was asked for what L1 lacks",
    ),
    "l2_prefetch_lookup_objects": counter(
      "l2.prefetch.lookup.submitted",
      "chunks",
      "Chunks that L2 was asked for",
      countedPerSalt,
    ),
    "l2_prefetch_load_submitted": counter(
      "l2.prefetch.load.submitted",
      "requests",
      "Loads that adapters of L2 were given: a prefetch counts once for each adapter",
      { value: ({ metadata }) => metadata.adapterCount },
    ),
    "l2_prefetch_load_submitted_objects": counter(
      "l2.prefetch.load.submitted",
      "chunks",
      "Chunks that are to come from L2 into L1",
      countedPerSalt,
    ),
    "l2_prefetch_load_completed": counter(
      "l2.prefetch.load.completed",
      "chunks",
      "Chunks that prefetches brought into L1",
      countedPerSalt,
    ),
    "l2_prefetch_failure": counter(
      "l2.prefetch.failed",
      "chunks",
      "Chunks that prefetches did not bring into L1, by reason",
      {
        attributes: ({ metadata: { reason } }) => ({ reason }),
        counts: keysPerModel,
      },
    ),
    "l2_prefetch_deadline": counter(
      "l2.prefetch.deadline",
      "requests",
      `Prefetches that took longer than they may, by what they were at${OURS}`,
      {
        attributes: ({ metadata: { phase } }) => ({ phase }),
        attributeValues: { phase: ["queued", "lookup", "load"] },
        maxAttributeSets: undefined, // they are known, and few
      },
    ),
    "l2_load_completed": counter(
      "l2.load_task.completed",
      "requests",
      "Loads that adapters of L2 have ended",
      { attributes: l2Name },
    ),
    "l2_load_throughput": throughput("l2.load_task.submitted", "l2.load_task.completed", {
      description: "How fast L2 loads, the wait in its queue included",
      bytes: ({ metadata }, submitted) =>
        metadata.bytesTransferred ?? submitted.metadata.totalBytes,
      attributes: l2Name,
      operationId: l2LoadId,
      acrossSessions: true,
    }),
  };
}

function l2Name(
  { metadata }: { readonly metadata: { readonly l2Name: string } },
): EventAttributes {
  return { l2_name: metadata.l2Name };
}
