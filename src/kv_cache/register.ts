import type { EventBus } from "../bus/event_bus.ts";
import { observeBus } from "../subscribers/bus_metrics.ts";
import { MetricsSubscriber } from "../subscribers/metrics/metrics_subscriber.ts";
import type { CollectedMetric } from "../subscribers/metrics/series.ts";
import type { Meter } from "../subscribers/otel_api.ts";
import { KV_CACHE_METRIC_PREFIX, kvCacheCatalog, type KvCacheCatalogOptions } from "./catalog.ts";
import type { KvCacheEvents } from "./events.ts";

/** What {@linkcode registerKvCache} needs and lets one choose. */
export interface KvCacheOptions extends KvCacheCatalogOptions {
  /**
   * Where the metrics go: a meter, or `"collect"` to have them from
   * {@linkcode KvCacheRegistration.collect}, for a `createMetricProducer`. Default: `meter`.
   */
  readonly metrics?: Meter | "collect";
  /** Where the bus's own health is observed. Default: `metrics`, if that is a meter. */
  readonly meter?: Meter;
}

/** What {@linkcode registerKvCache} has registered; disposing of it unregisters all of it. */
export interface KvCacheRegistration extends Disposable {
  /** A copy of all series, cumulative since the registration; empty with a meter. */
  collect(): CollectedMetric[];
}

/**
 * Registers, in one call, all that turns key-value cache events into metrics, and the bus's own
 * health metrics. On a disabled bus it creates nothing.
 *
 * @throws {TypeError} if there is nowhere for anything to go
 * @throws {RangeError} if `lifecycleSampleRatio` is not from 0 to 1
 */
export function registerKvCache<Events extends KvCacheEvents>(
  bus: EventBus<Events>,
  options: KvCacheOptions,
): KvCacheRegistration {
  const { prefix = KV_CACHE_METRIC_PREFIX, metrics = options.meter } = options;
  const meter = metrics === "collect" ? undefined : metrics;
  if (metrics === undefined) {
    throw new TypeError(
      `Cannot register the KV cache: metrics must be a meter or "collect", received undefined`,
    );
  }
  const catalog = kvCacheCatalog(options);
  if (!bus.enabled) return { collect: () => [], [Symbol.dispose]: () => {} };

  // A bus of more events than these is a bus of these.
  const kvBus = bus as unknown as EventBus<KvCacheEvents>;
  const registrations: Disposable[] = [];
  const subscriber = new MetricsSubscriber<KvCacheEvents>({
    metrics: catalog.metrics ?? {},
    ...(meter === undefined ? {} : { meter }),
  });
  registrations.push(kvBus.registerSubscriber(subscriber));
  const health = options.meter ?? meter;
  if (health !== undefined) registrations.push(observeBus(kvBus, { meter: health, prefix }));
  return {
    collect: () => meter === undefined ? subscriber.collect() : [],
    [Symbol.dispose]: () => {
      for (const registration of registrations) registration[Symbol.dispose]();
    },
  };
}
