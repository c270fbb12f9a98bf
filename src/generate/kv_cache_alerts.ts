import { assertKnownNames } from "../internal/option_names.ts";
import { metricPrefix } from "./described_metric.ts";
import type { AlertRule } from "./prometheus_rules.ts";

/** The options of {@linkcode kvCacheAlerts}. */
export interface KvCacheAlertsOptions {
  /** The prefix of the metrics. Default: `"lmcache_mp"`. */
  readonly prefix?: string | undefined;
  /** The mean throughput of an L2 store below which it is too slow, in GB/s. Default: 0.01. */
  readonly minL2ThroughputGBs?: number | undefined;
}

/**
 * Alerts on the metrics of `kvCacheCatalog`: the hit rate collapses, L2 fails or is slow, L1 has no
 * room, an eviction storm. Rates are over five minutes, and are compared with the last hour.
 *
 * @throws {TypeError} if an option is unknown
 */
export function kvCacheAlerts(options: KvCacheAlertsOptions = {}): AlertRule[] {
  assertKnownNames("write KV cache alerts", "option", options, ["prefix", "minL2ThroughputGBs"]);
  const { prefix = "lmcache_mp", minL2ThroughputGBs = 0.01 } = options;
  const name = (metric: string) => `${metricPrefix(prefix)}_${metric}`;
  const hitRate = (window: string) =>
    `sum (rate(${name("lookup_hit_tokens_total")}[${window}])) / ` +
    `sum (rate(${name("lookup_requested_tokens_total")}[${window}]))`;
  const evicted = (window: string) => `sum (rate(${name("l1_evicted_chunks_total")}[${window}]))`;
  const throughput = name("l2_store_throughput_GB_per_second");
  return [
    {
      alert: "HitRateCollapse",
      expr: `(${hitRate("5m")}) < 0.5 * (${hitRate("1h")})`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Lookups find {{ $value | humanizePercentage }} of their tokens",
        description: "That is less than half of the last hour's share. Check evictions and L2.",
      },
    },
    {
      alert: "L2Failing",
      // A chunk may be evicted between a lookup and its load: some losses are a matter of course.
      expr: `sum by (l2_name) (rate(${name("l2_store_failed_objects_chunks_total")}[5m])) > 0 ` +
        `or sum (rate(${name("l2_prefetch_failure_chunks_total")}{reason="not_found"}[5m])) > ` +
        `0.5 * sum (rate(${name("l2_prefetch_hit_chunks_total")}[5m]))`,
      for: "30s",
      labels: { severity: "critical" },
      annotations: {
        summary: "An L2 store loses {{ $value | humanize }} chunks a second",
        description: "Chunks are not stored, or not found again. Check the log of L2.",
      },
    },
    {
      alert: "L2Slow",
      expr: `sum by (l2_name) (rate(${throughput}_sum[5m])) / ` +
        `sum by (l2_name) (rate(${throughput}_count[5m])) < ${minL2ThroughputGBs}`,
      for: "30s",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.l2_name }} takes {{ $value | humanize }} GB/s",
        description: "Stores wait, and prefetches are late.",
      },
    },
    {
      alert: "L1OutOfMemory",
      expr: `sum by (during) (rate(${name("l1_allocation_failure_chunks_total")}[5m])) > 0`,
      for: "30s",
      labels: { severity: "warning" },
      annotations: {
        summary: "L1 has no room for {{ $value | humanize }} chunks a second",
        description: "They are not stored. Give L1 more memory.",
      },
    },
    {
      alert: "EvictionStorm",
      expr: `${evicted("5m")} > 3 * ${evicted("1h")} and ${evicted("5m")} > 1`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "L1 evicts {{ $value | humanize }} chunks a second",
        description:
          "That is more than three times the last hour's rate: the working set has grown.",
      },
    },
  ];
}
