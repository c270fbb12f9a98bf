import type { EventBus } from "../bus/event_bus.ts";
import type { EventSubscriber } from "../bus/event_subscriber.ts";
import type { Logger } from "../internal/logger.ts";
import { observeBus } from "../subscribers/self_metrics/observe_bus.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import { LoggingSubscriber } from "../subscribers/logging/logging_subscriber.ts";
import { MetricsSubscriber } from "../subscribers/metrics/metrics_subscriber.ts";
import type { CollectedMetric } from "../subscribers/metrics/series.ts";
import type { Meter, TracerLike } from "../subscribers/otel_api.ts";
import { SpanRegistry } from "../subscribers/tracing/span_registry.ts";
import { TracingSubscriber } from "../subscribers/tracing/tracing_subscriber.ts";
import {
  KV_CACHE_METRIC_PREFIX,
  kvCacheCatalog,
  type KvCacheCatalogOptions,
} from "./catalog/kv_cache_catalog.ts";
import type { KvCacheEvents } from "./events.ts";

/** The attribute that holds a span's session, as dashboards of this domain look for it. */
const KV_CACHE_SESSION_ID_ATTRIBUTE = "session_id";

/** The options of {@linkcode registerKvCache}; at least one of metrics, tracing and logging. */
export interface KvCacheOptions extends KvCacheCatalogOptions {
  /**
   * Where the metrics go: a meter, or `"collect"` to have them from
   * `KvCacheRegistration.collect`, for a `createMetricProducer`. Default: `meter`.
   */
  readonly metrics?: Meter | "collect";
  /** Where the bus's own metrics go. Default: `metrics`, if that is a meter. */
  readonly meter?: Meter;
  /** Where spans are started. Default: none are. */
  readonly tracing?: TracerLike;
  /** Where log records of level `warn` and above go. Default: nowhere. */
  readonly logging?: LogSink;
  /** Where the subscribers log their own problems. Default: `console`. */
  readonly logger?: Logger;
}

/** What {@linkcode registerKvCache} registered; disposing it unregisters all of it. */
export interface KvCacheRegistration extends Disposable {
  /** A copy of all series, cumulative since the registration; empty unless metrics are collected. */
  collect(): CollectedMetric[];
}

/**
 * Registers, in one call, the subscribers that turn key-value cache events into metrics, spans and log
 * records, and the bus's own metrics. If there are spans, log records and exemplars refer to them. On
 * a disabled bus it creates nothing.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
 * import { trace } from "npm:@opentelemetry/api@1.10.0";
 *
 * const lines: string[] = [];
 * await using bus = new EventBus<KvCacheEvents>().start();
 * const registration = registerKvCache(bus, {
 *   metrics: "collect",
 *   tracing: trace.getTracer("cache"),
 *   logging: (record) => void lines.push(`${record.level} ${record.body}`),
 * });
 * const keys = [{ chunkHash: 1, modelName: "m", cacheSalt: "" }];
 * bus.publish("l2.prefetch.failed", { reason: "l1_oom", keys });
 * await bus.flush();
 * const names = registration.collect().map(({ name }) => name);
 * if (!names.includes("lmcache_mp.l2_prefetch_failure")) throw new Error("no metric");
 * if (lines.length !== 1) throw new Error("no log record");
 * ```
 *
 * @throws {TypeError} if none of metrics, tracing and logging is given
 * @throws {RangeError} if `lifecycleSampleRatio` is not from 0 to 1
 */
export function registerKvCache<Events extends KvCacheEvents>(
  bus: EventBus<Events>,
  options: KvCacheOptions,
): KvCacheRegistration {
  const { prefix = KV_CACHE_METRIC_PREFIX, metrics = options.meter, tracing, logging } = options;
  if (metrics === undefined && tracing === undefined && logging === undefined) {
    throw new TypeError(
      "Cannot register the KV cache: options must be given metrics, tracing or logging, received none",
    );
  }
  const catalog = kvCacheCatalog(options);
  if (!bus.enabled) return { collect: () => [], [Symbol.dispose]: () => {} };

  // A bus of more events than these is a bus of these.
  const kvBus = bus as unknown as EventBus<KvCacheEvents>;
  const registrations: Disposable[] = [];
  const register = (subscriber: EventSubscriber<KvCacheEvents>) =>
    registrations.push(kvBus.registerSubscriber(subscriber));
  const telling = options.logger === undefined ? {} : { logger: options.logger };

  // Spans first: the others ask to which span an event belongs.
  const registry = new SpanRegistry();
  const contextOf = registry.contextOf.bind(registry);
  if (tracing !== undefined) {
    const { spans = {} } = catalog;
    register(
      new TracingSubscriber({
        tracer: tracing,
        spans,
        registry,
        sessionIdAttribute: KV_CACHE_SESSION_ID_ATTRIBUTE,
        ...telling,
      }),
    );
  }
  const meter = metrics === "collect" ? undefined : metrics;
  let collect = (): CollectedMetric[] => [];
  if (metrics !== undefined) {
    const subscriber = new MetricsSubscriber<KvCacheEvents>({
      metrics: catalog.metrics ?? {},
      contextOf,
      ...(meter === undefined ? {} : { meter }),
      ...telling,
    });
    register(subscriber);
    if (meter === undefined) collect = () => subscriber.collect();
  }
  if (logging !== undefined) {
    register(new LoggingSubscriber({ logs: catalog.logs, sink: logging, contextOf }));
  }
  const health = options.meter ?? meter;
  if (health !== undefined) registrations.push(observeBus(kvBus, { meter: health, prefix }));
  return {
    collect,
    [Symbol.dispose]: () => {
      for (const registration of registrations) registration[Symbol.dispose]();
    },
  };
}
