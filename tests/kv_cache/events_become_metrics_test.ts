import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { EventType, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { samples } from "../support/samples.ts";
import { key, keys, observed } from "../support/kv_cache.ts";

const transfer = { device: "cuda:0", engineId: "e1", modelName: "a" };
const l2Task = { adapterIndex: 0, taskId: 7, l2Name: "disk", keyCount: 5, totalBytes: 4e9 };

for (const way of ["meter", "collect"] as const) {
  Deno.test(`each event adds what the contract says to the series it names, by ${way}`, async () => {
    await using kv = observed(way);
    const { bus } = kv;
    bus.publish(EventType.L1_READ_FINISHED, keys(2));
    bus.publish(EventType.L1_READ_FINISHED, keys(3));
    bus.publish(EventType.L1_READ_RESERVED, keys(50));
    bus.publish(EventType.L1_WRITE_RESERVED, keys(50));
    bus.publish(EventType.L1_WRITE_FINISHED, keys(7));
    bus.publish(EventType.L1_WRITE_FINISHED_AND_READ_RESERVED, keys(11));
    bus.publish(EventType.L1_KEYS_EVICTED, keys(13));
    bus.publish(EventType.L1_EVICTION_LOOP_TICK, { triggered: true });
    const both = [key(1, "a"), key(2, "b"), key(3, "a")];
    bus.publish(EventType.L1_ALLOCATION_FAILED, { during: "l1_store", keys: both });
    bus.publish(EventType.L1_ALLOCATION_FAILED, { during: "l2_prefetch", ...keys(4, "a") });
    bus.publish(EventType.L1_READ_FAILED, {
      during: "l1_retrieve",
      reason: "write_locked",
      keys: both,
    });

    bus.publish(EventType.SM_READ_PREFETCHED, {
      succeededKeys: keys(50).keys,
      failedKeys: keys(50).keys,
    });
    bus.publish(EventType.SM_READ_PREFETCHED_FINISHED, {
      succeededKeys: keys(17).keys,
      failedKeys: keys(19).keys,
    });
    bus.publish(EventType.SM_WRITE_RESERVED, {
      succeededKeys: keys(50).keys,
      failedKeys: keys(50).keys,
    });
    bus.publish(EventType.SM_WRITE_FINISHED, {
      succeededKeys: keys(23).keys,
      failedKeys: keys(29).keys,
    });

    bus.publish(EventType.MP_REQUEST_START);
    for (const [modelName, hitTokens] of [["a", 1], ["a", 2], ["b", 4]] as const) {
      bus.publish(EventType.MP_LOOKUP_PREFETCH_START);
      bus.publish(EventType.MP_LOOKUP_PREFETCH_END, {
        foundCount: 1,
        requestedTokens: 10,
        hitTokens,
        modelName,
        cacheSalt: "s",
      });
    }
    bus.publish(EventType.MP_STORE_SUBMITTED, transfer);
    bus.publish(EventType.MP_STORE_START, transfer, { timestamp: 1_000 });
    const stored = { ...transfer, storedCount: 3, totalBytes: 6e9 };
    bus.publish(EventType.MP_STORE_END, stored, { timestamp: 3_000 });
    bus.publish(EventType.MP_RETRIEVE_SUBMITTED, transfer);
    // Two at once in one session, the second done first.
    const first = { ...transfer, operationId: 1 };
    const second = { ...transfer, operationId: 2 };
    const retrieved = { retrievedCount: 3, cacheSalt: "s" };
    bus.publish(EventType.MP_RETRIEVE_START, first, { timestamp: 1_000 });
    bus.publish(EventType.MP_RETRIEVE_START, second, { timestamp: 2_000 });
    bus.publish(EventType.MP_RETRIEVE_END, { ...second, ...retrieved, totalBytes: 1e9 }, {
      timestamp: 2_500,
    });
    bus.publish(EventType.MP_RETRIEVE_END, { ...first, ...retrieved, totalBytes: 6e9 }, {
      timestamp: 4_000,
    });
    bus.publish(EventType.MP_REQUEST_END);

    bus.publish(EventType.L2_STORE_SUBMITTED, l2Task, { timestamp: 1_000 });
    bus.publish(EventType.L2_STORE_COMPLETED, {
      ...l2Task,
      succeededCount: 4,
      failedCount: 1,
      bytesTransferred: 3e9,
    }, { timestamp: 2_000 });
    const lookup = { requestId: "r1", keyCount: 9, adapterCount: 1 };
    bus.publish(EventType.L2_PREFETCH_LOOKUP_SUBMITTED, lookup);
    bus.publish(EventType.L2_PREFETCH_LOOKUP_COMPLETED, { ...lookup, prefixHitCount: 6 });
    const load = { requestId: "r1", keyCount: 6 };
    bus.publish(EventType.L2_PREFETCH_LOAD_SUBMITTED, load);
    const task = { ...l2Task, requestId: "r1" };
    bus.publish(EventType.L2_LOAD_TASK_SUBMITTED, task, { timestamp: 1_000 });
    bus.publish(EventType.L2_LOAD_TASK_COMPLETED, task, { timestamp: 3_000 });
    bus.publish(EventType.L2_PREFETCH_LOAD_COMPLETED, { ...load, loadedCount: 4, failedCount: 2 });
    bus.publish(EventType.L2_PREFETCH_FAILED, { reason: "l1_oom", ...keys(2, "a") });
    bus.publish(EventType.L2_KEYS_EVICTED, keys(8));

    const found = await kv.scrape();
    const histograms: Record<string, number> = {};
    // The other metrics of the bus and of its subscribers have tests of their own.
    const others = /event_bus_(queue_capacity|published|delivered|lost)|_mp_metrics_/;
    const rest: Record<string, number> = {};
    for (const [series, value] of Object.entries(found)) {
      if (/throughput_GB_per_second_(sum|count)/.test(series)) histograms[series] = value;
      else if (!/_bucket\{|_seconds_(sum|count)/.test(series) && !others.test(series)) {
        rest[series] = value;
      }
    }
    const p = "lmcache_mp";
    assertEquals(rest, {
      'target_info{service_instance_id="i1",service_name="test"}': 1,
      [`${p}_l1_read_chunks_total`]: 5,
      [`${p}_l1_write_chunks_total`]: 18,
      [`${p}_l1_evicted_chunks_total`]: 13,
      [`${p}_l1_allocation_failure_chunks_total{during="l1_store",model_name="a"}`]: 2,
      [`${p}_l1_allocation_failure_chunks_total{during="l1_store",model_name="b"}`]: 1,
      [`${p}_l1_allocation_failure_chunks_total{during="l2_prefetch",model_name="a"}`]: 4,
      [`${p}_l1_read_failure_chunks_total{during="l1_retrieve",model_name="a",reason="write_locked"}`]:
        2,
      [`${p}_l1_read_failure_chunks_total{during="l1_retrieve",model_name="b",reason="write_locked"}`]:
        1,
      [`${p}_l1_chunk_lifecycle_untracked_chunks_total`]: 0,
      [`${p}_sm_read_chunks_total`]: 17,
      [`${p}_sm_read_failed_chunks_total`]: 19,
      [`${p}_sm_write_chunks_total`]: 23,
      [`${p}_sm_write_failed_chunks_total`]: 29,
      [`${p}_lookup_requested_tokens_total{cache_salt="s",model_name="a"}`]: 20,
      [`${p}_lookup_requested_tokens_total{cache_salt="s",model_name="b"}`]: 10,
      [`${p}_lookup_hit_tokens_total{cache_salt="s",model_name="a"}`]: 3,
      [`${p}_lookup_hit_tokens_total{cache_salt="s",model_name="b"}`]: 4,
      [`${p}_num_chunks_loaded_total{cache_salt="s",model_name="a",worker_id="e1"}`]: 6,
      [`${p}_l2_store_submitted_requests_total{l2_name="disk"}`]: 1,
      [`${p}_l2_store_submitted_objects_chunks_total{l2_name="disk"}`]: 5,
      [`${p}_l2_store_completed_requests_total{l2_name="disk"}`]: 1,
      [`${p}_l2_store_completed_objects_chunks_total{l2_name="disk"}`]: 4,
      [`${p}_l2_store_failed_objects_chunks_total{l2_name="disk"}`]: 1,
      [`${p}_l2_prefetch_lookup_requests_total`]: 1,
      [`${p}_l2_prefetch_lookup_objects_chunks_total`]: 9,
      [`${p}_l2_prefetch_hit_chunks_total`]: 6,
      [`${p}_l2_prefetch_load_completed_chunks_total`]: 4,
      [`${p}_l2_prefetch_failure_chunks_total{model_name="a",reason="l1_oom"}`]: 2,
      [`${p}_l2_load_completed_requests_total{l2_name="disk"}`]: 1,
      [`${p}_l2_evicted_chunks_total`]: 8,
      [`${p}_event_bus_queue_depth`]: 0,
      [`${p}_event_bus_drain_lag_seconds`]: 0,
      [`${p}_event_bus_dropped_events_total`]: 0,
    });
    const engine = '{device="cuda:0",engine_id="e1",model_name="a"}';
    assertEquals(histograms, {
      [`${p}_l0_l1_store_throughput_GB_per_second_count${engine}`]: 1,
      [`${p}_l0_l1_store_throughput_GB_per_second_sum${engine}`]: 3,
      [`${p}_l0_l1_load_throughput_GB_per_second_count${engine}`]: 2,
      [`${p}_l0_l1_load_throughput_GB_per_second_sum${engine}`]: 2 + 2,
      [`${p}_l2_store_throughput_GB_per_second_count{l2_name="disk"}`]: 1,
      [`${p}_l2_store_throughput_GB_per_second_sum{l2_name="disk"}`]: 3,
      [`${p}_l2_load_throughput_GB_per_second_count{l2_name="disk"}`]: 1,
      [`${p}_l2_load_throughput_GB_per_second_sum{l2_name="disk"}`]: 2,
    });
  });
}

Deno.test("L2 tasks are paired by their ids, whatever the order of their ends", async () => {
  await using kv = observed("collect");
  const submit = (taskId: number, timestamp: number) =>
    kv.bus.publish("l2.store.submitted", { ...l2Task, taskId }, { timestamp });
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
  assertEquals(found["lmcache_mp_l1_read_chunks_total"], 1);
  assertEquals(found["lmcache_mp_event_bus_queue_depth"], undefined);
});

Deno.test("a registration that would do nothing is refused", () => {
  const bus = new EventBus<KvCacheEvents>();
  assertThrows(() => registerKvCache(bus, {}), TypeError, "Cannot register the KV cache");
});
