import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import type { Catalog } from "../../../catalog/catalog.ts";
import { declare } from "../../../catalog/declare.ts";
import { blendMetrics } from "./blend_metrics.ts";
import type { KvCacheDeclarations } from "./declarations.ts";
import { gaugeMetrics, type KvCacheGauges } from "./gauges.ts";
import { l1Metrics } from "./l1_metrics.ts";
import { l2Metrics } from "./l2_metrics.ts";
import { lifecycleMetrics, type Trackers } from "./lifecycle_metrics.ts";
import { lookupMetrics } from "./lookup_metrics.ts";
import { transferMetrics } from "./transfer_metrics.ts";

const { counter, duration, histogram, throughput } = declare<KvCacheEvents>();

/** What all of this domain's metrics share. */
export interface KvCacheMetricsOptions {
  /** What their names begin with. */
  readonly prefix: string;
  /** What CacheBlend's begin with; `false` if there are none. */
  readonly blendPrefix: string | false;
  /** How many attribute sets each holds; what comes after is counted in the overflow series. */
  readonly maxAttributeSets: number;
  /** What the gauges are read from. */
  readonly gauges: KvCacheGauges;
  /** What feeds the histograms of the lives of chunks and blocks. */
  readonly trackers: Trackers;
}

type Metrics = NonNullable<Catalog<KvCacheEvents>["metrics"]>;

/** The metrics of the events, by their OpenTelemetry names. */
export function kvCacheMetrics(
  { prefix, blendPrefix, maxAttributeSets, trackers, gauges }: KvCacheMetricsOptions,
): Metrics {
  const limits = { maxAttributeSets };
  const declarations: KvCacheDeclarations = {
    counter: (types, unit, description, options = {}) =>
      counter(types, { description, unit, ...limits, ...options }),
    histogram: (types, options) => histogram(types, { ...limits, ...options }),
    throughput: (start, end, options) => throughput(start, end, { ...limits, ...options }),
    duration: (start, end, options) => duration(start, end, { ...limits, ...options }),
  };
  return {
    ...prefixed(prefix, {
      ...lookupMetrics(declarations),
      ...l1Metrics(declarations),
      ...transferMetrics(declarations),
      ...l2Metrics(declarations),
      ...lifecycleMetrics(declarations, trackers),
      ...gaugeMetrics(gauges, maxAttributeSets),
    }),
    ...blendPrefix === false ? {} : prefixed(blendPrefix, blendMetrics(declarations)),
  };
}

function prefixed(prefix: string, metrics: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [`${prefix}.${name}`, metric]),
  );
}
