/**
 * The events of a key-value cache server for language models, and the catalog of the metrics, spans
 * and log records that they become.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { EventType, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
 * import { PrometheusMetrics } from "@busbar/busbar/otel";
 *
 * await using metrics = new PrometheusMetrics({ serviceName: "cache" });
 * await using bus = new EventBus<KvCacheEvents>().start();
 * registerKvCache(bus, { meter: metrics.meter });
 * const key = { chunkHash: 1, modelName: "m", cacheSalt: "" };
 * bus.publish(EventType.L1_READ_FINISHED, { keys: [key] });
 * await bus.flush();
 * const scrape = await metrics.scrape();
 * if (!scrape.includes("lmcache_mp_l1_read_chunks_total 1")) throw new Error(scrape);
 * ```
 *
 * @module
 */
export type { Catalog } from "../catalog/catalog.ts";
export type { CatalogLimits, CatalogSubscription } from "../subscribers/subscribe_catalog.ts";
export type { LogRecord, LogSink } from "../subscribers/logging/log_record.ts";
export type { Meter, TracerLike } from "../subscribers/otel_api.ts";
export {
  KV_CACHE_METRIC_PREFIX,
  kvCacheCatalog,
  type KvCacheCatalogOptions,
} from "./catalog/kv_cache_catalog.ts";
export {
  ChunkLifecycle,
  type ChunkLifecycleOptions,
  DEFAULT_LIFECYCLE_SAMPLE_RATIO,
  DEFAULT_MAX_TRACKED_CHUNKS,
  type LifecycleEvent,
  type LifecycleObservations,
  MAX_EVICT_REUSE_GAP_S,
} from "./chunk_lifecycle.ts";
export { type ConstantName, EventType, type KvCacheEvents } from "./events.ts";
export type * from "./metadata.ts";
export { type KvCacheOptions, registerKvCache } from "./register.ts";
