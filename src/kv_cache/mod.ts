/**
 * The events of a key-value cache server for language models, and the subscribers that turn them
 * into metrics.
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
export type { Meter } from "../subscribers/otel_api.ts";
export { type ConstantName, EventType, type KvCacheEvents } from "./events.ts";
export type * from "./metadata.ts";
export { L1MetricsSubscriber } from "./l1_metrics.ts";
export { LookupMetricsSubscriber } from "./lookup_metrics.ts";
export { KV_CACHE_METRIC_PREFIX, type KvCacheOptions, registerKvCache } from "./register.ts";
export { StorageManagerMetricsSubscriber } from "./storage_manager_metrics.ts";
