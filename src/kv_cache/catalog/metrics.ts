import type { EventAttributes } from "../../catalog/attributes.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { declare } from "../../catalog/declare.ts";
import type { EventMetric, Measurement } from "../../catalog/metric.ts";
import type { EventMetricOptions } from "../../catalog/metric_options.ts";
import type { EventOf, EventTypeOf } from "../../events/event_map.ts";
import type { ChunkLifecycle } from "../chunk_lifecycle.ts";
import type { KvCacheEvents } from "../events.ts";
import type { ChunkKey } from "../metadata.ts";
import { lifecycleMetrics } from "./lifecycle_metrics.ts";
import { l2LoadId, l2StoreId } from "./operation_ids.ts";

const { counter: declareCounter, throughput } = declare<KvCacheEvents>();

/** What all of this domain's metrics share. */
export interface KvCacheMetricsOptions {
  /** What their names begin with. */
  readonly prefix: string;
  /** How many attribute sets each holds; what comes after is counted in the overflow series. */
  readonly maxAttributeSets: number;
  /** What feeds the histograms of the chunks' lives. */
  readonly lifecycle: ChunkLifecycle;
}

type Metrics = NonNullable<Catalog<KvCacheEvents>["metrics"]>;

/** What declares a metric of one tier. */
interface TierDeclarations {
  /** Declares a counter that has the limit of attribute sets. */
  readonly counter: <Type extends EventTypeOf<KvCacheEvents>>(
    types: Type | readonly Type[],
    unit: string,
    description: string,
    options?: EventMetricOptions<EventOf<KvCacheEvents, Type>>,
  ) => EventMetric<KvCacheEvents>;
  /** The options that give another metric that limit. */
  readonly limits: { readonly maxAttributeSets: number };
}

type WithKeys = { readonly metadata: { readonly keys: readonly ChunkKey[] } };
const keyCount = { value: ({ metadata }: WithKeys): number => metadata.keys.length };

type Outcome = EventOf<KvCacheEvents, "sm.read.prefetched_finished" | "sm.write.finished">;
const succeededKeys = { value: ({ metadata }: Outcome): number => metadata.succeededKeys.length };
const failedKeys = { value: ({ metadata }: Outcome): number => metadata.failedKeys.length };

/** The metrics of the events, by their OpenTelemetry names. */
export function kvCacheMetrics(
  { prefix, maxAttributeSets, lifecycle }: KvCacheMetricsOptions,
): Metrics {
  const limits = { maxAttributeSets };
  const declarations: TierDeclarations = {
    counter: (types, unit, description, options = {}) =>
      declareCounter(types, { description, unit, ...limits, ...options }),
    limits,
  };
  const metrics = {
    ...l1Metrics(declarations),
    ...storageManagerMetrics(declarations),
    ...engineMetrics(declarations),
    ...l2StoreMetrics(declarations),
    ...l2LoadMetrics(declarations),
    ...lifecycleMetrics(lifecycle),
  };
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [`${prefix}.${name}`, metric]),
  );
}

/** L1: what is read, written and evicted, and what fails. */
function l1Metrics({ counter }: TierDeclarations): Metrics {
  return {
    "l1_read": counter("l1.read.finished", "chunks", "Chunks read from L1", keyCount),
    "l1_write": counter(
      ["l1.write.finished", "l1.write_finished_and_read_reserved"],
      "chunks",
      "Chunks written to L1, promotions from L2 included",
      keyCount,
    ),
    "l1_evicted": counter("l1.keys.evicted", "chunks", "Chunks evicted from L1", keyCount),
    "l1_allocation_failure": counter(
      "l1.allocation.failed",
      "chunks",
      "Chunks that found no room in L1, by what it was for",
      {
        measurements: ({ metadata: { keys, during } }) => perModel(keys, { during }),
        attributeNames: ["during", "model_name"],
      },
    ),
    "l1_read_failure": counter(
      "l1.read.failed",
      "chunks",
      "Chunks that could not be read from L1, by what for and why",
      {
        measurements: ({ metadata: { keys, during, reason } }) =>
          perModel(keys, { during, reason }),
        attributeNames: ["during", "reason", "model_name"],
      },
    ),
  };
}

/** The storage manager: what it brings into L1 and what it writes. */
function storageManagerMetrics({ counter }: TierDeclarations): Metrics {
  return {
    "sm_read": counter(
      "sm.read.prefetched_finished",
      "chunks",
      "Chunks the storage manager brought into L1 or found there",
      succeededKeys,
    ),
    "sm_read_failed": counter(
      "sm.read.prefetched_finished",
      "chunks",
      "Chunks the storage manager did not find",
      failedKeys,
    ),
    "sm_write": counter(
      "sm.write.finished",
      "chunks",
      "Chunks the storage manager wrote",
      succeededKeys,
    ),
    "sm_write_failed": counter(
      "sm.write.finished",
      "chunks",
      "Chunks the storage manager failed to write",
      failedKeys,
    ),
  };
}

/** The engines: what they look up, retrieve and store. */
function engineMetrics({ counter, limits }: TierDeclarations): Metrics {
  return {
    "lookup_requested": counter(
      "mp.lookup_prefetch.end",
      "tokens",
      "Tokens that lookups asked for",
      { value: ({ metadata }) => metadata.requestedTokens, attributes: modelAndTenant },
    ),
    "lookup_hit": counter(
      "mp.lookup_prefetch.end",
      "tokens",
      "Tokens that lookups found in the cache",
      { value: ({ metadata }) => metadata.hitTokens, attributes: modelAndTenant },
    ),
    // Without a unit: its name says what it counts.
    "num_chunks_loaded": counter(
      "mp.retrieve.end",
      "",
      "Chunks that workers retrieved from the cache",
      {
        value: ({ metadata }) => metadata.retrievedCount,
        attributes: (event) => ({
          worker_id: event.metadata.engineId,
          ...modelAndTenant(event),
        }),
      },
    ),
    "l0_l1_store_throughput": throughput("mp.store.start", "mp.store.end", {
      description: "How fast engines store into L1",
      bytes: ({ metadata }) => metadata.totalBytes,
      attributes: engine,
      ...limits,
    }),
    "l0_l1_load_throughput": throughput("mp.retrieve.start", "mp.retrieve.end", {
      description: "How fast engines load from L1",
      bytes: ({ metadata }) => metadata.totalBytes,
      attributes: engine,
      ...limits,
    }),
  };
}

/** L2: what it stores. */
function l2StoreMetrics({ counter, limits }: TierDeclarations): Metrics {
  return {
    "l2_store_submitted": counter(
      "l2.store.submitted",
      "requests",
      "Stores that L2 was given",
      { attributes: l2Name },
    ),
    "l2_store_submitted_objects": counter(
      "l2.store.submitted",
      "chunks",
      "Chunks that L2 was given to store",
      { value: ({ metadata }) => metadata.keyCount, attributes: l2Name },
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
      { value: ({ metadata }) => metadata.succeededCount, attributes: l2Name },
    ),
    "l2_store_failed_objects": counter(
      "l2.store.completed",
      "chunks",
      "Chunks that L2 has failed to store",
      { value: ({ metadata }) => metadata.failedCount, attributes: l2Name },
    ),
    "l2_store_throughput": throughput("l2.store.submitted", "l2.store.completed", {
      description: "How fast L2 stores, the wait in its queue included",
      bytes: ({ metadata }) => metadata.bytesTransferred,
      attributes: l2Name,
      operationId: l2StoreId,
      ...limits,
    }),
  };
}

/** L2: what it finds, loads and evicts. */
function l2LoadMetrics({ counter, limits }: TierDeclarations): Metrics {
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
      { value: ({ metadata }) => metadata.keyCount },
    ),
    "l2_prefetch_hit": counter(
      "l2.prefetch.lookup.completed",
      "chunks",
      "Chunks that L2 has of those it was asked for",
      { value: ({ metadata }) => metadata.prefixHitCount },
    ),
    "l2_prefetch_load_completed": counter(
      "l2.prefetch.load.completed",
      "chunks",
      "Chunks that prefetches brought into L1",
      { value: ({ metadata }) => metadata.loadedCount },
    ),
    "l2_prefetch_failure": counter(
      "l2.prefetch.failed",
      "chunks",
      "Chunks that prefetches did not bring into L1, by reason",
      {
        measurements: ({ metadata: { keys, reason } }) => perModel(keys, { reason }),
        attributeNames: ["reason", "model_name"],
      },
    ),
    "l2_load_completed": counter(
      "l2.load_task.completed",
      "requests",
      "Loads that L2 has ended",
      { attributes: l2Name },
    ),
    "l2_load_throughput": throughput("l2.load_task.submitted", "l2.load_task.completed", {
      description: "How fast L2 loads, the wait in its queue included",
      bytes: ({ metadata }) => metadata.totalBytes,
      attributes: l2Name,
      operationId: l2LoadId,
      ...limits,
    }),
    "l2_evicted": counter("l2.keys.evicted", "chunks", "Chunks evicted from L2", keyCount),
  };
}

function modelAndTenant(
  { metadata }: EventOf<KvCacheEvents, "mp.lookup_prefetch.end" | "mp.retrieve.end">,
): EventAttributes {
  return { model_name: metadata.modelName, cache_salt: metadata.cacheSalt };
}

function engine(
  { metadata }: EventOf<KvCacheEvents, "mp.store.end" | "mp.retrieve.end">,
): EventAttributes {
  return {
    engine_id: metadata.engineId,
    device: metadata.device,
    model_name: metadata.modelName,
  };
}

function l2Name(
  { metadata }: EventOf<
    KvCacheEvents,
    "l2.store.submitted" | "l2.store.completed" | "l2.load_task.completed"
  >,
): EventAttributes {
  return { l2_name: metadata.l2Name };
}

/** The chunks of one event may belong to several models. */
function perModel(keys: readonly ChunkKey[], attributes: EventAttributes): Measurement[] {
  const counts = new Map<string, number>();
  for (const { modelName } of keys) counts.set(modelName, (counts.get(modelName) ?? 0) + 1);
  return [...counts].map(([modelName, value]) => ({
    value,
    attributes: { ...attributes, model_name: modelName },
  }));
}
