import type { EventBus } from "../library/event_bus.ts";
import type { Logger } from "../internal/logger.ts";
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
import { LookupHashLog } from "./logs/lookup_hash_log.ts";
import { TransferReport } from "./logs/transfer_report.ts";

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
  /** Where log records go, those of `minLevel` (`"info"`) and above. Default: none are built. */
  readonly logSink?: LogSink | readonly LogSink[] | undefined;
  /**
   * Where a line of JSON is written for each `mp.lookup`, with the hashes of its chunks: files
   * `lookup_hashes_20260131_235959_000000.jsonl` that rotate and are limited as those of `fileSink`
   * are. Default: nowhere.
   */
  readonly lookupHashLog?: {
    /** Where the files are. */
    readonly directory: string;
    /** A file of so many bytes takes no further line. */
    readonly maxFileBytes?: number | undefined;
    /** A file so old takes no further line, in milliseconds. */
    readonly maxFileAgeMs?: number | undefined;
    /** How many files there are at most. */
    readonly maxFiles?: number | undefined;
  } | undefined;
  /**
   * What is called with lines, every ten seconds (`intervalMs`, above 0) and at the end, that say what
   * each device has stored and retrieved since the last time, if anything, and since the start: operations,
   * tokens, GB and their mean GB/s; and, with or without traffic, how full L1 is, if `gauges.l1` tells.
   * Default: none is.
   */
  readonly transferReport?: {
    /** Writes a line, given without its newline. */
    readonly write: (line: string) => void;
    /** How often, in milliseconds. */
    readonly intervalMs?: number | undefined;
  } | undefined;
}

const OPTIONS: readonly (keyof KvCacheOptions)[] = [
  ...KV_CACHE_CATALOG_OPTIONS,
  "meter",
  "collect",
  "tracer",
  "logSink",
  "lookupHashLog",
  "transferReport",
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
 * @throws {TypeError} if there is no way out, or an option is unknown
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
    lookupHashLog,
    transferReport,
    ...others
  } = options;
  const { meter, collect, tracer, signal } = others;
  if (
    !collect &&
    [meter, tracer, logSink, lookupHashLog, transferReport].every((way) => way === undefined)
  ) {
    throw new TypeError(
      "Cannot register the KV cache: options must have a meter, collect, a tracer, a logSink, a " +
        "lookupHashLog or a transferReport, received none",
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
  const report = transferReport && new TransferReport(transferReport, gauges?.l1);
  const lookups = lookupHashLog && createLookupHashLog(lookupHashLog, others.logger);
  // A bus of more events than these is a bus of these.
  const subscription = subscribeCatalog(bus as unknown as EventBus<KvCacheEvents>, catalog, {
    ...others,
    sink: logSink,
    subscribers: [lookups, report].filter((one) => one !== undefined),
    selfMetricsPrefix: prefix,
    ...KV_CACHE_ID_ATTRIBUTES,
  });
  if (report === undefined) return subscription;
  // Its timer would go on without events.
  signal?.addEventListener("abort", () => report.stop(), { once: true });
  return {
    ...subscription,
    [Symbol.dispose]: () => {
      report.stop();
      subscription[Symbol.dispose]();
    },
  };
}

function createLookupHashLog(
  options: NonNullable<KvCacheOptions["lookupHashLog"]>,
  logger: Logger | undefined,
): LookupHashLog {
  const names = ["directory", "maxFileBytes", "maxFileAgeMs", "maxFiles"];
  assertKnownNames("register the KV cache", "option of lookupHashLog", options, names);
  return new LookupHashLog({ ...options, logger });
}
