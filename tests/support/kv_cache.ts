import { EventBus, type Logger } from "@busbar/busbar";
import {
  type CatalogSubscription,
  type KvCacheCatalogOptions,
  type KvCacheEvents,
  registerKvCache,
} from "@busbar/busbar/kv-cache";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { ONE_SLICE_MS } from "./quiet_bus.ts";
import { samples } from "./samples.ts";

/** One chunk. */
export const key = (chunkHash: number | string, modelName = "m", cacheSalt = "") => ({
  chunkHash,
  modelName,
  cacheSalt,
});

/** So many chunks. */
export const keys = (count: number, modelName = "m") => ({
  keys: Array.from({ length: count }, (_, i) => key(i, modelName)),
});

/** A bus whose events become metrics, and its scrape. */
export interface Observed extends AsyncDisposable {
  readonly bus: EventBus<KvCacheEvents>;
  readonly registration: CatalogSubscription;
  /** The series after everything published has been counted. */
  scrape(): Promise<Record<string, number>>;
}

/** With the sums collected, or recorded by a meter. */
export function observed(
  way: "meter" | "collect" = "meter",
  options: KvCacheCatalogOptions & { readonly logger?: Logger } = {},
): Observed {
  const bus = new EventBus<KvCacheEvents>({
    maxQueueSize: 100_000,
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  const metrics = new PrometheusMetrics({
    serviceName: "test",
    serviceInstanceId: "i1",
    logger: options.logger,
    metricProducers: [createMetricProducer({ collect: () => registration.collect() })],
  });
  const { meter } = metrics;
  const registration: CatalogSubscription = registerKvCache(bus, {
    ...options,
    meter,
    collect: way === "collect",
  });
  return {
    bus,
    registration,
    async scrape() {
      await bus.flush();
      return withSortedLabels(samples(await metrics.scrape()));
    },
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await metrics[Symbol.asyncDispose]();
    },
  };
}

/** The order of labels says nothing. Values here hold no comma. */
export function withSortedLabels(found: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(found).map(([series, value]) => {
      const sort = (labels: string) => `{${labels.split(",").toSorted().join(",")}}`;
      return [series.replace(/\{(.*)\}$/, (_, labels: string) => sort(labels)), value];
    }),
  );
}
