import { assertKnownNames } from "../internal/option_names.ts";
import { assertThreshold } from "./threshold.ts";
import { metricName } from "./described_metric.ts";
import type { AlertRule } from "./prometheus_rules.ts";

const ACTION = "write KV cache alerts";

/** The options of {@linkcode kvCacheAlerts}. */
export interface KvCacheAlertsOptions {
  /** The prefix of the metrics. Default: `"lmcache_mp"`. */
  readonly prefix?: string | undefined;
  /** The prefix of CacheBlend's metrics; `false` if there are none. Default: `"lmcache_blend"`. */
  readonly blendPrefix?: string | false | undefined;
  /** The mean throughput of an L2 store below which it is too slow, in GB/s. Default: 0.01. */
  readonly minL2ThroughputGBs?: number | undefined;
}

const OPTIONS = ["prefix", "blendPrefix", "minL2ThroughputGBs"] as const;

/** A metric's name without a prefix, as a scrape shows it. */
type NameOf = (metric: string) => string;

/**
 * Alerts on the metrics of `kvCacheCatalog`: the hit rate collapses, models are not registered, L1 has
 * no room, an eviction storm, L2 fails, is slow or late, transfers hang, something times out,
 * CacheBlend fails or its coordinator does not answer. Rates are over five minutes; hit rates and
 * evictions are compared with the last hour.
 *
 * @throws {TypeError} if an option is unknown
 * @throws {RangeError} if a threshold is no finite number of at least 0
 */
export function kvCacheAlerts(options: KvCacheAlertsOptions = {}): AlertRule[] {
  assertKnownNames(ACTION, "option", options, OPTIONS);
  const { prefix = "lmcache_mp", blendPrefix = "lmcache_blend", minL2ThroughputGBs = 0.01 } =
    options;
  assertThreshold(ACTION, "minL2ThroughputGBs", minL2ThroughputGBs);
  const name: NameOf = (metric) => metricName(`${prefix}.${metric}`);
  return [
    ...lookupAlerts(name),
    ...l2Alerts(name, minL2ThroughputGBs),
    ...l1Alerts(name),
    ...transferAlerts(name),
    ...blendPrefix === false ? [] : blendAlerts((metric) => metricName(`${blendPrefix}.${metric}`)),
  ];
}

const rate = (series: string, window = "5m") => `rate(${series}[${window}])`;

function lookupAlerts(name: NameOf): AlertRule[] {
  const hitRate = (window: string) =>
    `sum (${rate(name("lookup_hit_tokens_total"), window)}) / ` +
    `sum (${rate(name("lookup_requested_tokens_total"), window)})`;
  const early = `${
    name("lookup_early_exit_requests_total")
  }{reason=~"no_gpu_context|no_group_layout_descs"}`;
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
      alert: "ModelNotRegistered",
      expr: `sum by (model_name, reason) (${rate(early)}) > 0`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Nothing is looked up for {{ $labels.model_name }}: {{ $labels.reason }}",
        description: "Its engine is not registered with the cache, or its layout is not.",
      },
    },
  ];
}

function l2Alerts(name: NameOf, minL2ThroughputGBs: number): AlertRule[] {
  const throughput = name("l2_store_throughput_GB_per_second");
  return [
    {
      alert: "L2Failing",
      // A chunk may be evicted between a lookup and its load: some losses are a matter of course.
      expr: `sum by (l2_name) (${rate(name("l2_store_failed_objects_chunks_total"))}) > 0 ` +
        `or sum (${rate(`${name("l2_prefetch_failure_chunks_total")}{reason!="l1_oom"}`)}) > ` +
        `0.5 * sum (${rate(name("l2_prefetch_load_submitted_objects_chunks_total"))})`,
      for: "30s",
      labels: { severity: "critical" },
      annotations: {
        summary: "An L2 store loses {{ $value | humanize }} chunks a second",
        description: "Chunks are not stored, or not found again. Check the log of L2.",
      },
    },
    {
      alert: "L2Slow",
      expr: `sum by (l2_name) (${rate(`${throughput}_sum`)}) / ` +
        `sum by (l2_name) (${rate(`${throughput}_count`)}) < ${minL2ThroughputGBs}`,
      for: "30s",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.l2_name }} takes {{ $value | humanize }} GB/s",
        description: "Stores wait, and prefetches are late.",
      },
    },
    {
      alert: "PrefetchesLate",
      expr: `sum (${rate(name("l2_prefetch_deadline_requests_total"))}) > ` +
        `0.05 * sum (${rate(name("l2_prefetch_lookup_requests_total"))})`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanize }} prefetches a second take longer than they may",
        description: "More than one in twenty: requests get a part of what L2 has.",
      },
    },
  ];
}

function l1Alerts(name: NameOf): AlertRule[] {
  const evictions = name("l1_evicted_chunks_total");
  const evicted = (window: string) => `sum (${rate(evictions, window)})`;
  // Of a server that has just begun the hour's rate is low whatever it does: a steady one is below
  // three times that after 20 minutes.
  const isOld = `sum (${evictions} offset 25m) >= 0`;
  return [
    {
      alert: "L1OutOfMemory",
      expr: `sum by (during) (${rate(name("l1_allocation_failure_chunks_total"))}) > 0`,
      for: "30s",
      labels: { severity: "warning" },
      annotations: {
        summary: "L1 has no room for {{ $value | humanize }} chunks a second",
        description: "They are not stored. Give L1 more memory.",
      },
    },
    {
      alert: "EvictionStorm",
      expr: `${evicted("5m")} > 3 * ${evicted("1h")} and ${evicted("5m")} > 1 and ${isOld}`,
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

function transferAlerts(name: NameOf): AlertRule[] {
  // What is under way may also be what has lost its end; what nothing comes of hangs.
  const hang = (alert: string, what: string): AlertRule => ({
    alert,
    expr: `${rate(name(`num_submitted_${what}_total`))} > 0 and ` +
      `${rate(name(`num_finished_${what}_total`))} == 0`,
    for: "2m",
    labels: { severity: "critical" },
    annotations: {
      summary: `No ${what} of {{ $labels.device }} end`,
      description: "They are put into its queue, and nothing comes of it. Check its engine.",
    },
  });
  const timeouts = name("timeouts_total");
  return [
    hang("StoresHang", "stores"),
    hang("RetrievesHang", "retrieves"),
    {
      alert: "TimeoutsRaised",
      // A type has no series before its first timeout, which no increase would show.
      expr: `sum by (exception_type) (increase(${timeouts}[5m])) > 0 or ` +
        `sum by (exception_type) (${timeouts} unless ${timeouts} offset 5m) > 0`,
      for: "0m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.exception_type }} was raised",
        description: "Something took too long; the log has its message and its stack.",
      },
    },
  ];
}

function blendAlerts(name: NameOf): AlertRule[] {
  return [
    {
      alert: "BlendFailing",
      expr: `sum (${rate(name("retrieve_failures_total"))}) > ` +
        `0.05 * sum (${rate(name("retrieve_requests_total"))}) or ` +
        `sum (${rate(name("lookup_no_gpu_context_errors_total"))}) > 0`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "CacheBlend fails {{ $value | humanize }} times a second",
        description: "Its retrieves fail, or its engine is not registered.",
      },
    },
    {
      alert: "BlendCoordinatorSlow",
      expr: `sum (${rate(name("coordinator_match_timeouts_total"))}) > 0.05 * ` +
        `sum (${rate(name("coordinator_match_duration_milliseconds_count"))})`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: "The directory of chunks is {{ $value | humanize }} times a second too late",
        description: "More than one in twenty: what other instances have is not found.",
      },
    },
  ];
}
