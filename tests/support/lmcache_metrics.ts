/** A metric of LMCache as its users see it in a scrape. */
export interface LmcacheMetric {
  /** The family's name; a counter's series add `_total`, a histogram's `_bucket`, `_sum`, `_count`. */
  readonly family: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What OpenMetrics says is its unit; `""` if its name has none. */
  readonly unit: string;
  readonly labels: readonly string[];
}

type Row = readonly [name: string, unit: string, ...labels: string[]];

const LOOKUP = ["model_name", "cache_salt"];
const ENGINE = ["engine_id", "device", "model_name"];
const L0 = ["instance_id", "model_name"];
const PHASE = ["device_index", "direction", "phase"];
const ADAPTER = ["l2_name", "adapter_index"];

/** Counters of `lmcache_mp`, without the prefix and `_total`. */
const COUNTERS: readonly Row[] = [
  ["l1_read_chunks", "chunks", "cache_salt"],
  ["l1_write_chunks", "chunks", "cache_salt"],
  ["l1_evicted_chunks", "chunks", "cache_salt"],
  ["l1_eviction_loop_ticks", ""],
  ["l1_eviction_loop_triggered", ""],
  ["l1_allocation_failure_chunks", "chunks", "during", "model_name"],
  ["l1_read_failure_chunks", "chunks", "during", "reason", "model_name"],
  ["l2_prefetch_failure_chunks", "chunks", "reason", "model_name"],
  ["timeouts", "", "exception_type"],
  ["l2_store_submitted_requests", "requests"],
  ["l2_store_submitted_objects_chunks", "chunks", "cache_salt"],
  ["l2_store_completed_requests", "requests", "l2_name"],
  ["l2_store_completed_objects_chunks", "chunks", "cache_salt"],
  ["l2_prefetch_lookup_requests", "requests"],
  ["l2_prefetch_lookup_objects_chunks", "chunks", "cache_salt"],
  ["l2_prefetch_load_submitted_requests", "requests"],
  ["l2_prefetch_load_submitted_objects_chunks", "chunks", "cache_salt"],
  ["l2_prefetch_load_completed_chunks", "chunks", "cache_salt"],
  ["l2_load_completed_requests", "requests", "l2_name"],
  ["l2_evicted_objects_chunks", "chunks", "cache_salt"],
  ["lookup_requested_tokens", "tokens", ...LOOKUP],
  ["lookup_hit_tokens", "tokens", ...LOOKUP],
  ["lookup_hit_l1_tokens", "tokens", ...LOOKUP],
  ["lookup_hit_l2_tokens", "tokens", ...LOOKUP],
  ["lookup_hit_l1_keys", "keys", ...LOOKUP],
  ["lookup_hit_l2_keys", "keys", ...LOOKUP],
  ["lookups_requests", "requests", ...LOOKUP],
  ["lookup_early_exit_requests", "requests", ...LOOKUP, "reason"],
  ["num_chunks_loaded", "", "worker_id", ...LOOKUP],
  ["num_submitted_stores", "", "device"],
  ["num_finished_stores", "", "device"],
  ["num_submitted_retrieves", "", "device"],
  ["num_finished_retrieves", "", "device"],
  ["transfer_phase_bytes", "bytes", ...PHASE],
  ["transfer_phase_elapsed_seconds", "seconds", ...PHASE],
  ["event_bus_dropped_events", ""],
  ["event_bus_subscriber_exceptions", "", "subscriber_name"],
];

/** Histograms of `lmcache_mp`. */
const HISTOGRAMS: readonly Row[] = [
  ["l1_chunk_lifetime_seconds", "seconds"],
  ["l1_chunk_idle_before_evict_seconds", "seconds"],
  ["l1_chunk_reuse_gap_seconds", "seconds"],
  ["l1_chunk_evict_reuse_gap_seconds", "seconds"],
  ["real_reuse_gap_seconds", "seconds", "cache_salt"],
  ["real_reuse_gap_objects_chunks", "chunks", "cache_salt"],
  ["l0_l1_store_throughput_GB_per_second", "GB_per_second", ...ENGINE],
  ["l0_l1_load_throughput_GB_per_second", "GB_per_second", ...ENGINE],
  ["l2_store_throughput_GB_per_second", "GB_per_second", "l2_name"],
  ["l2_load_throughput_GB_per_second", "GB_per_second", "l2_name"],
  ["transfer_staging_throughput_GB_per_second", "GB_per_second", "device_index", "direction"],
  ["l0_block_lifetime_seconds", "seconds", ...L0],
  ["l0_block_idle_before_evict_seconds", "seconds", ...L0],
  ["l0_block_reuse_gap_seconds", "seconds", ...L0],
];

/** Gauges of `lmcache_mp`. */
const GAUGES: readonly Row[] = [
  ["active_prefetch_jobs", ""],
  ["l1_memory_usage_bytes", "bytes"],
  ["l1_usage_ratio", ""],
  ["l2_usage_bytes", "bytes", "l2_name"],
  ["num_inflight_l2_stores", "", ...ADAPTER],
  ["num_inflight_l2_loads", "", ...ADAPTER],
  ["inflight_load_memory_usage_bytes", "bytes", ...ADAPTER],
  ["event_bus_queue_depth", ""],
  ["event_bus_drain_lag_seconds", "seconds"],
];

/** Counters of `lmcache_blend`, without labels but the last. */
const BLEND_COUNTERS: readonly Row[] = [
  ["lookup_requests", "requests"],
  ["lookup_requested_tokens", "tokens"],
  ["lookup_hit_tokens", "tokens"],
  ["lookup_prefix_hit_tokens", "tokens"],
  ["lookup_segmented_prefix_hit_tokens", "tokens"],
  ["lookup_non_prefix_hit_tokens", "tokens"],
  ["lookup_fingerprint_hits", ""],
  ["lookup_storage_hits", ""],
  ["lookup_stale_chunks", "chunks"],
  ["lookup_no_gpu_context_errors", ""],
  ["retrieve_requests", "requests"],
  ["retrieve_chunks", "chunks"],
  ["retrieve_failures", ""],
  ["fingerprints_registered", ""],
  ["chunks_evicted", ""],
  ["fingerprint_matches", ""],
  ["coordinator_matches", ""],
  ["coordinator_match_timeouts", ""],
  ["sparse_prefetch_l2_keys", "keys"],
  ["sparse_prefetch_found_keys", "keys"],
  ["scatter_tokens", "tokens"],
  ["scatter_prefix_chunks", "chunks"],
  ["scatter_shifted_chunks", "chunks"],
  ["scatter_dropped_chunks", "chunks"],
  ["retrieve_noops", "", "reason"],
];

/** Histograms of `lmcache_blend`, without labels. */
const BLEND_HISTOGRAMS: readonly Row[] = [
  "lookup",
  "fingerprint_match",
  "prefix_lookup",
  "coordinator_match",
  "sparse_prefetch",
  "retrieve",
  "scatter",
].map((name) => [`${name}_duration_milliseconds`, "milliseconds"]);

const of = (prefix: string, type: LmcacheMetric["type"], rows: readonly Row[]) =>
  rows.map(([name, unit, ...labels]): LmcacheMetric => ({
    family: `${prefix}_${name}`,
    type,
    unit,
    labels,
  }));

/**
 * LMCache's metrics, but for those whose source is its cache-event reporting and its coordinator
 * (`cache_events_*`, `key_directory_*`).
 */
export const LMCACHE_METRICS: readonly LmcacheMetric[] = [
  ...of("lmcache_mp", "counter", COUNTERS),
  ...of("lmcache_mp", "histogram", HISTOGRAMS),
  ...of("lmcache_mp", "gauge", GAUGES),
  ...of("lmcache_blend", "counter", BLEND_COUNTERS),
  ...of("lmcache_blend", "histogram", BLEND_HISTOGRAMS),
];
