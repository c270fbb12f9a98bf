import type { Catalog } from "../../catalog/catalog.ts";
import { declare } from "../../catalog/declare.ts";
import { DEFAULT_MAX_ATTRIBUTE_SETS } from "../../catalog/metric_options.ts";
import { kvCacheDescriptions } from "./descriptions.ts";
import { kvCacheLogs } from "./logs.ts";
import { kvCacheMetrics } from "./metrics.ts";
import { kvCacheSpans } from "./spans.ts";
import { ChunkLifecycle, DEFAULT_LIFECYCLE_SAMPLE_RATIO } from "../chunk_lifecycle.ts";
import type { KvCacheEvents } from "../events.ts";

/** The default prefix of the metrics. */
export const KV_CACHE_METRIC_PREFIX = "lmcache_mp";

/** The options of {@linkcode kvCacheCatalog}. */
export interface KvCacheCatalogOptions {
  /** The prefix of the metrics. Default: {@linkcode KV_CACHE_METRIC_PREFIX}. */
  readonly prefix?: string;
  /**
   * The share of blocks whose lives in L1 are followed, from 0 to 1; which ones depends on their
   * chunk hash alone. Default: {@linkcode DEFAULT_LIFECYCLE_SAMPLE_RATIO}.
   */
  readonly lifecycleSampleRatio?: number;
  /**
   * How many attribute sets each metric holds, at least 2. Models and tenants come from outside; those
   * beyond the limit are counted in the overflow series, so that totals stay exact.
   * Default: 2,000.
   */
  readonly maxAttributeSets?: number;
}

/**
 * Returns the catalog of a key-value cache server's events: metrics, spans, log records and
 * descriptions. Create one catalog per bus, because it tracks the blocks that it samples.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { kvCacheCatalog, type KvCacheEvents } from "@busbar/busbar/kv-cache";
 * import { MetricsSubscriber } from "@busbar/busbar/subscribers";
 *
 * const { metrics = {} } = kvCacheCatalog({ prefix: "cache" });
 * const subscriber = new MetricsSubscriber({ metrics });
 * await using bus = new EventBus<KvCacheEvents>().start();
 * bus.registerSubscriber(subscriber);
 * const keys = [{ chunkHash: 1, modelName: "m", cacheSalt: "" }];
 * bus.publish("l1.allocation.failed", { during: "l1_store", keys });
 * await bus.flush();
 * const failed = subscriber.collect().find(({ name }) => name === "cache.l1_allocation_failure");
 * if (failed?.points[0]?.attributes.model_name !== "m") throw new Error("not counted");
 * ```
 *
 * @throws {RangeError} if `lifecycleSampleRatio` is not from 0 to 1
 * @throws {TypeError} if `prefix` is not valid at the start of a metric's name, or `maxAttributeSets` is below 2
 */
export function kvCacheCatalog(options: KvCacheCatalogOptions = {}): Catalog<KvCacheEvents> {
  const {
    prefix = KV_CACHE_METRIC_PREFIX,
    lifecycleSampleRatio = DEFAULT_LIFECYCLE_SAMPLE_RATIO,
    maxAttributeSets = DEFAULT_MAX_ATTRIBUTE_SETS,
  } = options;
  const lifecycle = new ChunkLifecycle({ sampleRatio: lifecycleSampleRatio });
  return declare<KvCacheEvents>().catalog({
    events: kvCacheDescriptions(),
    metrics: kvCacheMetrics({ prefix, maxAttributeSets, lifecycle }),
    spans: kvCacheSpans(),
    logs: kvCacheLogs(),
  });
}
