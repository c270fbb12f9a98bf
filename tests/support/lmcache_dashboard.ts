const P = "lmcache_mp_";
const B = "lmcache_blend_";

const rate = (name: string) => `rate(${name}[$__rate_interval])`;
const rates = (prefix: string, ...names: string[]) => names.map((name) => rate(prefix + name));
const mean = (name: string) => `${rate(`${P}${name}_sum`)} / ${rate(`${P}${name}_count`)}`;
const failures = (name: string) =>
  `sum by (service_instance_id)(${rate(`${P}${name}_chunks_total`)}) or vector(0)`;
const underWay = (what: string) =>
  `${P}num_submitted_${what}_total - ${P}num_finished_${what}_total`;
const staging = (name: string) =>
  `sum by (direction)(rate(${P}transfer_phase_${name}_total{phase="staging"}[$__rate_interval]))`;
const quantile = (q: string) =>
  `histogram_quantile(${q}, ${rate(`${P}l1_chunk_evict_reuse_gap_seconds_bucket`)})`;
const ofRequested = (prefix: string, hit: string) =>
  `${rate(`${prefix}lookup_${hit}_tokens_total`)} / ${
    rate(`${prefix}lookup_requested_tokens_total`)
  }`;

/**
 * The queries of the dashboard that LMCache has for Grafana, by its panels, with the names of their
 * metrics: what it has to go on showing.
 */
export const LMCACHE_QUERIES: Readonly<Record<string, readonly string[]>> = {
  "Failure Rates": [
    failures("l1_allocation_failure"),
    failures("l1_read_failure"),
    failures("l2_prefetch_failure"),
  ],
  "L1 Eviction Loop": rates(P, "l1_eviction_loop_ticks_total", "l1_eviction_loop_triggered_total"),
  "L1 Memory": [`${P}l1_memory_usage_bytes`, `${P}l1_usage_ratio`],
  "L1 Cache Operations": rates(
    P,
    "l1_read_chunks_total",
    "l1_write_chunks_total",
    "l1_evicted_chunks_total",
  ),
  "L2 Store Pipeline": rates(
    P,
    "l2_store_submitted_requests_total",
    "l2_store_completed_requests_total",
    "l2_store_submitted_objects_chunks_total",
    "l2_store_completed_objects_chunks_total",
  ),
  "L2 Prefetch Pipeline": [
    ...rates(
      P,
      "l2_prefetch_lookup_requests_total",
      "l2_prefetch_lookup_objects_chunks_total",
      "l2_prefetch_load_submitted_requests_total",
      "l2_prefetch_load_submitted_objects_chunks_total",
      "l2_prefetch_load_completed_chunks_total",
    ),
    `sum(${rate(`${P}l2_prefetch_failure_chunks_total`)})`,
  ],
  "Inflight Operations": [
    `${P}num_inflight_l2_stores`,
    `${P}num_inflight_l2_loads`,
    `${P}active_prefetch_jobs`,
    `${P}inflight_load_memory_usage_bytes`,
  ],
  "Event Bus": [
    `${P}event_bus_queue_depth`,
    `${P}event_bus_drain_lag_seconds`,
    ...rates(P, "event_bus_dropped_events_total", "event_bus_subscriber_exceptions_total"),
  ],
  "Inflight GPU Copies": [underWay("stores"), underWay("retrieves")],
  "L0↔L1, L1↔L2 Throughput": [
    mean("l0_l1_store_throughput_GB_per_second"),
    mean("l0_l1_load_throughput_GB_per_second"),
    mean("l2_store_throughput_GB_per_second"),
    mean("l2_load_throughput_GB_per_second"),
  ],
  "Lookup & Engine": rates(
    P,
    "lookup_requested_tokens_total",
    "lookup_hit_tokens_total",
    "num_chunks_loaded_total",
  ),
  "Hit Rate": [ofRequested(P, "hit")],
  "L2 IOPS": rates(P, "l2_store_completed_requests_total", "l2_load_completed_requests_total"),
  "L2 Usage": [`${P}l2_usage_bytes`],
  "L0 Block Lifecycle": [
    mean("l0_block_lifetime_seconds"),
    mean("l0_block_idle_before_evict_seconds"),
    mean("l0_block_reuse_gap_seconds"),
  ],
  "L1 Chunk Lifecycle": [
    mean("l1_chunk_lifetime_seconds"),
    mean("l1_chunk_idle_before_evict_seconds"),
    mean("l1_chunk_reuse_gap_seconds"),
  ],
  "Evict-to-Reuse": [
    mean("l1_chunk_evict_reuse_gap_seconds"),
    quantile("0.50"),
    quantile("0.95"),
  ],
  "SM Real Reuse": [mean("real_reuse_gap_seconds"), mean("real_reuse_gap_objects_chunks")],
  "Transfer DMA": [`${staging("bytes")} / ${staging("elapsed_seconds")} / 1e9`],
  "CacheBlend Operations": rates(
    B,
    "lookup_requests_total",
    "lookup_fingerprint_hits_total",
    "lookup_storage_hits_total",
    "lookup_stale_chunks_total",
    "lookup_no_gpu_context_errors_total",
    "retrieve_requests_total",
    "retrieve_failures_total",
  ),
  "CacheBlend Hit Rate": [
    ofRequested(B, "hit"),
    ofRequested(B, "prefix_hit"),
    ofRequested(B, "non_prefix_hit"),
  ],
  "CacheBlend Chunks": rates(
    B,
    "retrieve_chunks_total",
    "fingerprints_registered_total",
    "chunks_evicted_total",
  ),
  // Its documents ask for these, too.
  "By tier": [
    ofRequested(P, "hit_l1"),
    ...rates(P, "lookup_hit_l1_keys_total", "lookup_hit_l2_keys_total", "lookups_requests_total"),
    `sum by (reason)(${rate(`${P}lookup_early_exit_requests_total`)})`,
    `histogram_quantile(0.5, ${rate(`${P}transfer_staging_throughput_GB_per_second_bucket`)})`,
  ],
};
