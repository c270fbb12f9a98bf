import type { Meter } from "../subscribers/otel_api.ts";
import type { EventBus } from "../bus/event_bus.ts";
import { observeBus } from "../subscribers/bus_metrics.ts";
import type { KvCacheEvents } from "./events.ts";
import { L1MetricsSubscriber } from "./l1_metrics.ts";
import { LookupMetricsSubscriber } from "./lookup_metrics.ts";
import { StorageManagerMetricsSubscriber } from "./storage_manager_metrics.ts";

/** What the names of this domain's metrics begin with. */
export const KV_CACHE_METRIC_PREFIX = "lmcache_mp";

/** What {@linkcode registerKvCache} needs and lets one choose. */
export interface KvCacheOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /** What their names begin with. Default: {@linkcode KV_CACHE_METRIC_PREFIX}. */
  readonly prefix?: string;
}

/**
 * Registers the subscribers that turn key-value cache events into metrics, and the bus's own health
 * metrics. On a disabled bus it creates nothing.
 *
 * @returns a disposable that unregisters them
 */
export function registerKvCache<Events extends KvCacheEvents>(
  bus: EventBus<Events>,
  { meter, prefix = KV_CACHE_METRIC_PREFIX }: KvCacheOptions,
): Disposable {
  if (!bus.enabled) return { [Symbol.dispose]: () => {} };
  // A bus of more events than these is a bus of these.
  const kvBus = bus as unknown as EventBus<KvCacheEvents>;
  const registrations = [
    kvBus.registerSubscriber(new L1MetricsSubscriber(meter, prefix)),
    kvBus.registerSubscriber(new StorageManagerMetricsSubscriber(meter, prefix)),
    kvBus.registerSubscriber(new LookupMetricsSubscriber(meter, prefix)),
    observeBus(kvBus, { meter, prefix }),
  ];
  return {
    [Symbol.dispose]: () => {
      for (const registration of registrations) registration[Symbol.dispose]();
    },
  };
}
