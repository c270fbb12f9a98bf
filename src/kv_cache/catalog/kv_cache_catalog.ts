import type { Catalog } from "../../catalog/catalog.ts";
import { declare } from "../../catalog/declare.ts";
import { DEFAULT_MAX_ATTRIBUTE_SETS } from "../../catalog/metric_options.ts";
import {
  assertFunction,
  assertPositiveInteger,
  invalidArgument,
} from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { KV_CACHE_DESCRIPTIONS } from "./descriptions/kv_cache_descriptions.ts";
import { kvCacheLogs } from "./logs.ts";
import { GAUGES, type KvCacheGauges } from "./metrics/gauges.ts";
import { kvCacheMetrics } from "./metrics/kv_cache_metrics.ts";
import { kvCacheSpans } from "./spans/kv_cache_spans.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import { BlockLifecycle } from "../lifecycle/block_lifecycle.ts";
import { ChunkLifecycle } from "../lifecycle/chunk_lifecycle.ts";
import { ReuseTracker } from "../lifecycle/reuse_tracker.ts";

/**
 * The options of {@linkcode kvCacheCatalog}; the defaults are {@linkcode DEFAULT_KV_CACHE_OPTIONS}.
 */
export interface KvCacheCatalogOptions {
  /** What the names of the metrics begin with. Default: `"lmcache_mp"`. */
  readonly prefix?: string | undefined;
  /**
   * What the names of CacheBlend's metrics begin with; `false` leaves them out. Default:
   * `"lmcache_blend"`.
   */
  readonly blendPrefix?: string | false | undefined;
  /**
   * The share of chunks and of engines' blocks whose lives and reuse are tracked, from 0 to 1; which
   * ones depends on their chunk hash or block id alone. Counters and throughputs are never sampled.
   * Default: 0.01.
   */
  readonly lifecycleSampleRatio?: number | undefined;
  /**
   * How many chunks are tracked in L1, as many after their eviction, as many by the storage manager,
   * and as many blocks of engines; beyond that, the one used longest ago is no longer tracked, and
   * counted. An integer of at least 1. Default: 10,000.
   */
  readonly maxTracked?: number | undefined;
  /**
   * What the gauges are read from at each scrape: functions of the server's own, of which any may be
   * left out. One that throws leaves its own series out. Default: none, and then L1 shows 0.
   */
  readonly gauges?: KvCacheGauges | undefined;
  /**
   * How many attribute sets each metric holds, at least 2. Models and tenants come from outside;
   * those beyond the limit are counted in the overflow series, so that totals stay exact. Default:
   * 2,000.
   */
  readonly maxAttributeSets?: number | undefined;
}

/** The defaults of {@linkcode KvCacheCatalogOptions}. */
export const DEFAULT_KV_CACHE_OPTIONS: Readonly<{
  prefix: string;
  blendPrefix: string | false;
  lifecycleSampleRatio: number;
  maxTracked: number;
  maxAttributeSets: number;
}> = Object.freeze({
  prefix: "lmcache_mp",
  blendPrefix: "lmcache_blend",
  lifecycleSampleRatio: 0.01,
  maxTracked: 10_000,
  maxAttributeSets: DEFAULT_MAX_ATTRIBUTE_SETS,
});

/** The names of {@linkcode KvCacheCatalogOptions}. */
export const KV_CACHE_CATALOG_OPTIONS: readonly (keyof KvCacheCatalogOptions)[] = [
  "prefix",
  "blendPrefix",
  "lifecycleSampleRatio",
  "maxTracked",
  "gauges",
  "maxAttributeSets",
];

const ACTION = "create the KV cache catalog";

/**
 * Returns the catalog of a key-value cache server's events: metrics, spans, log records and
 * descriptions. Create one catalog per bus, because it tracks what it samples.
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
 * @throws {RangeError} if `lifecycleSampleRatio` or `maxTracked` is out of range
 * @throws {TypeError} if an option is unknown or of the wrong type, `prefix` or `blendPrefix` is not valid at the start of a metric's
 * name, or `maxAttributeSets` is below 2
 */
export function kvCacheCatalog(options: KvCacheCatalogOptions = {}): Catalog<KvCacheEvents> {
  assertKnownNames(ACTION, "option", options, KV_CACHE_CATALOG_OPTIONS);
  const {
    prefix = DEFAULT_KV_CACHE_OPTIONS.prefix,
    blendPrefix = DEFAULT_KV_CACHE_OPTIONS.blendPrefix,
    lifecycleSampleRatio = DEFAULT_KV_CACHE_OPTIONS.lifecycleSampleRatio,
    maxTracked = DEFAULT_KV_CACHE_OPTIONS.maxTracked,
    maxAttributeSets = DEFAULT_KV_CACHE_OPTIONS.maxAttributeSets,
    gauges = {},
  } = options;
  if (!(lifecycleSampleRatio >= 0 && lifecycleSampleRatio <= 1)) {
    const rule = "a number from 0 to 1";
    invalidArgument(RangeError, ACTION, "lifecycleSampleRatio", rule, lifecycleSampleRatio);
  }
  assertPositiveInteger(ACTION, "maxTracked", maxTracked);
  assertKnownNames(`${ACTION}: gauges`, "function", gauges, GAUGES);
  for (const name of GAUGES) {
    if (gauges[name] !== undefined) assertFunction(ACTION, `gauges.${name}`, gauges[name]);
  }
  const tracking = { sampleRatio: lifecycleSampleRatio, maxTracked };
  const trackers = {
    chunks: new ChunkLifecycle(tracking),
    accesses: new ReuseTracker(tracking),
    blocks: new BlockLifecycle(tracking),
  };
  return declare<KvCacheEvents>().catalog({
    events: KV_CACHE_DESCRIPTIONS,
    metrics: kvCacheMetrics({ prefix, blendPrefix, maxAttributeSets, trackers, gauges }),
    spans: kvCacheSpans(maxTracked),
    logs: kvCacheLogs(),
  });
}
