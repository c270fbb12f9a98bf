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
 * if (!scrape.includes('lmcache_mp_l1_read_chunks_total{cache_salt=""} 1')) throw new Error(scrape);
 * ```
 *
 * @module
 */
export type { Catalog } from "../catalog/catalog.ts";
export type { CatalogLimits, CatalogSubscription } from "../subscribers/subscribe_catalog.ts";
export type { LogRecord, LogSink } from "../subscribers/logging/log_record.ts";
export type { Meter, TracerLike } from "../subscribers/otel_api.ts";
export {
  DEFAULT_KV_CACHE_OPTIONS,
  kvCacheCatalog,
  type KvCacheCatalogOptions,
} from "./catalog/kv_cache_catalog.ts";
export type * from "./events/blend.ts";
export type * from "./events/chunk_key.ts";
export type { KvCacheGauges } from "./catalog/metrics/gauges.ts";
export { EventType } from "./events/event_type.ts";
export type { KvCacheEvents } from "./events/kv_cache_events.ts";
export type * from "./events/server.ts";
export type * from "./events/storage.ts";
export { parseKvCacheArgs } from "./parse_args.ts";
export { TimeoutError } from "./logs/timeout_error.ts";
export { type KvCacheOptions, registerKvCache } from "./register.ts";
