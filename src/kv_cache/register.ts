import type { EventBus } from "../library/event_bus.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import {
  CATALOG_LIMITS,
  type CatalogLimits,
  type CatalogSubscription,
  subscribeCatalog,
  type SubscribeCatalogOptions,
} from "../subscribers/subscribe_catalog.ts";
import {
  DEFAULT_KV_CACHE_OPTIONS,
  KV_CACHE_CATALOG_OPTIONS,
  kvCacheCatalog,
  type KvCacheCatalogOptions,
} from "./catalog/kv_cache_catalog.ts";
import type { KvCacheEvents } from "./events/kv_cache_events.ts";

/** The attributes that hold a span's ids, as dashboards of this domain look for them. */
const KV_CACHE_ID_ATTRIBUTES = {
  sessionIdAttribute: "session_id",
  operationIdAttribute: "operationId",
};

/** The options of {@linkcode registerKvCache}: at least one way out. */
export interface KvCacheOptions extends
  KvCacheCatalogOptions,
  CatalogLimits,
  Pick<
    SubscribeCatalogOptions<KvCacheEvents>,
    "meter" | "collect" | "tracer" | "exemplars" | "logger" | "signal"
  > {
  /** Where log records of level `warn` and above go. Default: none are built. */
  readonly logSink?: LogSink | readonly LogSink[] | undefined;
}

const OPTIONS: readonly (keyof KvCacheOptions)[] = [
  ...KV_CACHE_CATALOG_OPTIONS,
  "meter",
  "collect",
  "tracer",
  "logSink",
  "exemplars",
  "logger",
  "signal",
  ...CATALOG_LIMITS,
];

/**
 * Registers, in one call, the subscribers that turn key-value cache events into metrics, spans and
 * log records, and the metrics of the bus and of these subscribers: `subscribeCatalog` for
 * `kvCacheCatalog`. On a disabled bus it registers nothing.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
 * import { trace } from "npm:@opentelemetry/api@1.10.0";
 *
 * const lines: string[] = [];
 * await using bus = new EventBus<KvCacheEvents>().start();
 * using registration = registerKvCache(bus, {
 *   collect: true,
 *   tracer: trace.getTracer("cache"),
 *   logSink: (record) => void lines.push(`${record.level} ${record.body}`),
 * });
 * const keys = [{ chunkHash: 1, modelName: "m", cacheSalt: "" }];
 * bus.publish("l2.prefetch.failed", { reason: "l1_oom", keys });
 * await bus.flush();
 * const names = registration.collect().map(({ name }) => name);
 * if (!names.includes("lmcache_mp.l2_prefetch_failure")) throw new Error("no metric");
 * if (lines.length !== 1) throw new Error("no log record");
 * ```
 *
 * @throws {TypeError} if there is no meter, collect, tracer or logSink, or an option is unknown
 * @throws {RangeError} if a number is out of range
 */
export function registerKvCache<Events extends KvCacheEvents>(
  bus: EventBus<Events>,
  options: KvCacheOptions,
): CatalogSubscription {
  assertKnownNames("register the KV cache", "option", options, OPTIONS);
  const {
    prefix = DEFAULT_KV_CACHE_OPTIONS.prefix,
    blendPrefix,
    lifecycleSampleRatio,
    maxTracked,
    gauges,
    maxAttributeSets,
    logSink,
    ...others
  } = options;
  const { meter, collect, tracer } = others;
  if (meter === undefined && !collect && tracer === undefined && logSink === undefined) {
    throw new TypeError(
      "Cannot register the KV cache: options must have a meter, collect, a tracer or a logSink, " +
        "received none",
    );
  }
  const catalog = kvCacheCatalog({
    prefix,
    blendPrefix,
    lifecycleSampleRatio,
    maxTracked,
    gauges,
    maxAttributeSets,
  });
  // A bus of more events than these is a bus of these.
  return subscribeCatalog(bus as unknown as EventBus<KvCacheEvents>, catalog, {
    ...others,
    sink: logSink,
    selfMetricsPrefix: prefix,
    ...KV_CACHE_ID_ATTRIBUTES,
  });
}
