import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  EventType,
  kvCacheCatalog,
  type KvCacheEvents,
  registerKvCache,
} from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { describeMetrics } from "../../src/generate/described_metric.ts";
import { samples } from "../support/samples.ts";
import { keys, observed } from "../support/kv_cache.ts";
import { example, EXAMPLES } from "../support/kv_cache_events.ts";

const l2Task = { adapterIndex: 0, taskId: 7, l2Name: "disk" };
const submittedTask = { ...l2Task, keyCount: 5, totalBytes: 4e9 };
const types = Object.keys(EXAMPLES) as (keyof KvCacheEvents)[];

for (const way of ["meter", "collect"] as const) {
  Deno.test(`each event adds what the reference says to the series it names, by ${way}`, async () => {
    await using kv = observed(way, { lifecycleSampleRatio: 0 });
    // Every event once, and a second after its start each end.
    for (const type of types) {
      const timestamp = /\.(end|completed)$/.test(type) ? 2_000 : 1_000;
      (kv.bus as EventBus).publish(type, EXAMPLES[type], { sessionId: "s", timestamp });
    }
    kv.bus.publish(
      EventType.MP_LOOKUP_PREFETCH_END,
      example(EventType.MP_LOOKUP_PREFETCH_END, {
        requestedTokens: 0,
        hitTokens: 0,
        l1HitTokens: 0,
        l2HitTokens: 0,
        l1HitKeys: 0,
        l2HitKeys: 0,
        earlyExitReason: "no_gpu_context",
      }),
    );
    const found = await kv.scrape();
    const histograms: Record<string, number> = {};
    // The other metrics of the bus and of its subscribers have tests of their own.
    const others = /event_bus_(queue_capacity|published|delivered|lost)|_mp_metrics_/;
    const rest: Record<string, number> = {};
    for (const [series, value] of Object.entries(found)) {
      if (/(per_second|_milliseconds)_(sum|count)/.test(series)) histograms[series] = value;
      else if (!/_bucket\{|_seconds_(sum|count)/.test(series) && !others.test(series)) {
        rest[series] = value;
      }
    }
    const p = "lmcache_mp";
    const perSalt = (name: string) => ({
      [`${p}_${name}_chunks_total{cache_salt="alice"}`]: 2,
      [`${p}_${name}_chunks_total{cache_salt="bob"}`]: 1,
    });
    const who = 'cache_salt="alice",model_name="llama"';
    const onDevice = (name: string) => ({ [`${p}_num_${name}_total{device="cuda:0"}`]: 1 });
    const phase = 'device_index="0",direction="d2h",phase=';
    const blend = (counts: Record<string, number>) =>
      Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [`lmcache_blend_${name}_total`, count]),
      );
    assertEquals(rest, {
      'target_info{service_instance_id="i1",service_name="test"}': 1,
      ...perSalt("l1_read"),
      [`${p}_l1_write_chunks_total{cache_salt="alice"}`]: 4,
      [`${p}_l1_write_chunks_total{cache_salt="bob"}`]: 2,
      ...perSalt("l1_evicted"),
      [`${p}_l1_eviction_loop_ticks_total`]: 1,
      [`${p}_l1_eviction_loop_triggered_total`]: 1,
      [`${p}_l1_allocation_failure_chunks_total{during="l1_store",model_name="llama"}`]: 3,
      [`${p}_l1_read_failure_chunks_total{during="l1_retrieve",model_name="llama",reason="not_found"}`]:
        3,
      [`${p}_l1_chunk_lifecycle_untracked_chunks_total`]: 0,
      [`${p}_real_reuse_untracked_chunks_total`]: 0,
      [`${p}_l0_block_lifecycle_untracked_blocks_total`]: 0,
      [`${p}_timeouts_total{exception_type="LockTimeout"}`]: 1,
      [`${p}_lookup_requested_tokens_total{${who}}`]: 1_024,
      [`${p}_lookup_hit_tokens_total{${who}}`]: 768,
      [`${p}_lookup_hit_l1_tokens_total{${who}}`]: 256,
      [`${p}_lookup_hit_l2_tokens_total{${who}}`]: 512,
      [`${p}_lookup_hit_l1_keys_total{${who}}`]: 2,
      [`${p}_lookup_hit_l2_keys_total{${who}}`]: 1,
      [`${p}_lookups_requests_total{${who}}`]: 2,
      [`${p}_lookup_early_exit_requests_total{${who},reason="no_gpu_context"}`]: 1,
      [`${p}_num_chunks_loaded_total{${who},worker_id="7"}`]: 3,
      ...onDevice("submitted_stores"),
      ...onDevice("finished_stores"),
      ...onDevice("submitted_retrieves"),
      ...onDevice("finished_retrieves"),
      [`${p}_transfer_phase_bytes_total{${phase}"kernel"}`]: 4e6,
      [`${p}_transfer_phase_bytes_total{${phase}"staging"}`]: 4e6,
      [`${p}_transfer_phase_elapsed_seconds_total{${phase}"kernel"}`]: 0.002,
      [`${p}_transfer_phase_elapsed_seconds_total{${phase}"staging"}`]: 0.002,
      [`${p}_l2_store_submitted_requests_total`]: 1,
      ...perSalt("l2_store_submitted_objects"),
      [`${p}_l2_store_completed_requests_total{l2_name="disk"}`]: 1,
      ...perSalt("l2_store_completed_objects"),
      [`${p}_l2_store_failed_objects_chunks_total{l2_name="disk"}`]: 0,
      [`${p}_l2_prefetch_lookup_requests_total`]: 1,
      ...perSalt("l2_prefetch_lookup_objects"),
      // Two adapters.
      [`${p}_l2_prefetch_load_submitted_requests_total`]: 2,
      ...perSalt("l2_prefetch_load_submitted_objects"),
      ...perSalt("l2_prefetch_load_completed"),
      [`${p}_l2_prefetch_failure_chunks_total{model_name="llama",reason="l1_oom"}`]: 3,
      [`${p}_l2_prefetch_deadline_requests_total{phase="queued"}`]: 0,
      [`${p}_l2_prefetch_deadline_requests_total{phase="lookup"}`]: 0,
      [`${p}_l2_prefetch_deadline_requests_total{phase="load"}`]: 1,
      [`${p}_l2_load_completed_requests_total{l2_name="disk"}`]: 1,
      ...perSalt("l2_evicted_objects"),
      [`${p}_event_bus_queue_depth`]: 0,
      [`${p}_event_bus_drain_lag_seconds`]: 0,
      [`${p}_event_bus_dropped_events_total`]: 0,
      ...blend({
        lookup_requests: 1,
        lookup_requested_tokens: 768,
        lookup_hit_tokens: 600,
        lookup_prefix_hit_tokens: 300,
        lookup_segmented_prefix_hit_tokens: 200,
        lookup_non_prefix_hit_tokens: 100,
        lookup_fingerprint_hits: 4,
        lookup_storage_hits: 5,
        lookup_stale_chunks: 6,
        lookup_no_gpu_context_errors: 0,
        retrieve_requests: 1,
        retrieve_chunks: 9,
        retrieve_failures: 0,
        fingerprints_registered: 10,
        chunks_evicted: 11,
        fingerprint_matches: 3,
        coordinator_matches: 5,
        coordinator_match_timeouts: 0,
        sparse_prefetch_l2_keys: 3,
        sparse_prefetch_found_keys: 7,
        scatter_tokens: 600,
        scatter_prefix_chunks: 1,
        scatter_shifted_chunks: 2,
        scatter_dropped_chunks: 3,
      }),
      'lmcache_blend_retrieve_noops_total{reason="no_object_keys"}': 1,
      'lmcache_blend_retrieve_noops_total{reason="beyond_slot_bound"}': 0,
      'lmcache_blend_retrieve_noops_total{reason="matches_straddle_alloc"}': 0,
      [`${p}_l1_memory_usage_bytes`]: 0,
      [`${p}_l1_usage_ratio`]: 0,
    });
    const engine = '{device="cuda:0",engine_id="7",model_name="llama"}';
    const throughput = (name: string, labels: string, value: number) => ({
      [`${p}_${name}_throughput_GB_per_second_count${labels}`]: 1,
      [`${p}_${name}_throughput_GB_per_second_sum${labels}`]: value,
    });
    const blendDuration = (name: string) => ({
      [`lmcache_blend_${name}_duration_milliseconds_count`]: 1,
      [`lmcache_blend_${name}_duration_milliseconds_sum`]: 1_000,
    });
    assertEquals(histograms, {
      ...throughput("l0_l1_store", engine, 0.003),
      ...throughput("l0_l1_load", engine, 0.003),
      ...throughput("l2_store", '{l2_name="disk"}', 0.003),
      ...throughput("l2_load", '{l2_name="disk"}', 0.003),
      ...throughput("transfer_staging", '{device_index="0",direction="d2h"}', 2),
      ...blendDuration("lookup"),
      ...blendDuration("fingerprint_match"),
      ...blendDuration("prefix_lookup"),
      ...blendDuration("coordinator_match"),
      ...blendDuration("sparse_prefetch"),
      ...blendDuration("retrieve"),
      ...blendDuration("scatter"),
    });
  });
}

Deno.test("L2 tasks are paired by their ids, whatever the order of their ends", async () => {
  await using kv = observed("collect");
  const submit = (taskId: number, timestamp: number) =>
    kv.bus.publish("l2.store.submitted", { ...submittedTask, taskId }, { timestamp });
  const complete = (taskId: number, bytesTransferred: number, timestamp: number) =>
    kv.bus.publish("l2.store.completed", {
      ...l2Task,
      taskId,
      succeededCount: 1,
      failedCount: 0,
      bytesTransferred,
    }, { timestamp });
  submit(1, 0);
  submit(2, 1_000);
  complete(2, 1e9, 2_000);
  complete(1, 8e9, 4_000);
  const sum =
    (await kv.scrape())['lmcache_mp_l2_store_throughput_GB_per_second_sum{l2_name="disk"}'];
  assertEquals(sum, 1 + 2);
});

Deno.test("the bus's health is read when it is scraped", async () => {
  await using metrics = new PrometheusMetrics();
  let now = 1_000;
  const bus = new EventBus<KvCacheEvents>({
    maxQueueSize: 3,
    clock: () => now,
    logger: new MemoryLogger(),
  });
  using _registration = registerKvCache(bus, { meter: metrics.meter, prefix: "kv" });
  bus.subscribe(EventType.L1_READ_RESERVED, function broken() {
    throw new Error("no");
  });
  for (let i = 0; i < 5; i++) bus.publish(EventType.L1_READ_RESERVED, keys(1));
  now += 2_500;
  const waiting = samples(await metrics.scrape());
  assertEquals(waiting["kv_event_bus_queue_depth"], 3);
  assertEquals(waiting["kv_event_bus_drain_lag_seconds"], 2.5);
  assertEquals(waiting["kv_event_bus_dropped_events_total"], 2);
  await bus.flush();
  const drained = samples(await metrics.scrape());
  assertEquals(drained["kv_event_bus_queue_depth"], 0);
  assertEquals(drained['kv_event_bus_subscriber_exceptions_total{subscriber_name="broken"}'], 3);
  await bus.stop();
});

Deno.test("a disabled bus creates no instrument", async () => {
  await using metrics = new PrometheusMetrics({ serviceName: "t", serviceInstanceId: "i" });
  const bus = new EventBus<KvCacheEvents>({ enabled: false });
  const registration = registerKvCache(bus, { meter: metrics.meter });
  assertEquals(Object.keys(samples(await metrics.scrape())).length, 1);
  assertEquals(registration.collect(), []);
});

Deno.test("disposing of the registration ends it", async () => {
  await using kv = observed("collect");
  kv.bus.publish("l1.read.finished", keys(1));
  await kv.bus.flush();
  kv.registration[Symbol.dispose]();
  kv.bus.publish("l1.read.finished", keys(1));
  const found = await kv.scrape();
  assertEquals(found['lmcache_mp_l1_read_chunks_total{cache_salt=""}'], 1);
  assertEquals(found["lmcache_mp_event_bus_queue_depth"], undefined);
});

Deno.test("a registration that would do nothing is refused", () => {
  const bus = new EventBus<KvCacheEvents>();
  assertThrows(() => registerKvCache(bus, {}), TypeError, "Cannot register the KV cache");
});

Deno.test("before any traffic a scrape has 0 of every counter without labels, and L1's gauges", async () => {
  await using kv = observed("collect");
  const found = await kv.scrape();
  const { metrics = {} } = kvCacheCatalog();
  const unlabelled = describeMetrics({ metrics }).filter(({ labels }) => labels.length === 0);
  // A histogram of what is measured now and then comes with its first value.
  const names = unlabelled.filter(({ name, prometheusType }) =>
    prometheusType !== "histogram" && !name.endsWith("active_prefetch_jobs")
  ).map(({ scrapeName }) => scrapeName);
  assertEquals(names.length > 30, true);
  for (const name of names) assertEquals(found[name], 0, name);
});
