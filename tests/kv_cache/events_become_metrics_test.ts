import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { EventType, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { samples } from "../scrape.ts";

const key = (chunkHash: number) => ({ chunkHash, modelName: "m", cacheSalt: "" });
const keys = (count: number) => ({ keys: Array.from({ length: count }, (_, i) => key(i)) });

Deno.test("each event adds what the contract says to the series it names", async () => {
  await using metrics = new PrometheusMetrics({ serviceName: "test", serviceInstanceId: "i1" });
  const bus = new EventBus<KvCacheEvents>({ maxQueueSize: 100 }).start();
  registerKvCache(bus, { meter: metrics.meter });
  bus.publish(EventType.L1_READ_FINISHED, keys(2));
  bus.publish(EventType.L1_READ_FINISHED, keys(3));
  bus.publish(EventType.L1_READ_RESERVED, keys(50));
  bus.publish(EventType.L1_WRITE_FINISHED, keys(7));
  bus.publish(EventType.L1_WRITE_FINISHED_AND_READ_RESERVED, keys(11));
  bus.publish(EventType.L1_KEYS_EVICTED, keys(13));
  const outcome = { succeededKeys: keys(17).keys, failedKeys: keys(19).keys };
  bus.publish(EventType.SM_READ_PREFETCHED_FINISHED, outcome);
  bus.publish(EventType.SM_WRITE_FINISHED, {
    succeededKeys: keys(23).keys,
    failedKeys: keys(29).keys,
  });
  for (const [modelName, hitTokens] of [["a", 1], ["a", 2], ["b", 4]] as const) {
    bus.publish(EventType.MP_LOOKUP_PREFETCH_END, {
      foundCount: 1,
      requestedTokens: 10,
      hitTokens,
      modelName,
      cacheSalt: "s",
    });
  }
  await bus.flush();
  assertEquals(samples(await metrics.scrape()), {
    'target_info{service_name="test",service_instance_id="i1"}': 1,
    "lmcache_mp_l1_read_chunks_total": 5,
    "lmcache_mp_l1_write_chunks_total": 18,
    "lmcache_mp_l1_evicted_chunks_total": 13,
    "lmcache_mp_sm_read_chunks_total": 17,
    "lmcache_mp_sm_read_failed_chunks_total": 19,
    "lmcache_mp_sm_write_chunks_total": 23,
    "lmcache_mp_sm_write_failed_chunks_total": 29,
    'lmcache_mp_lookup_requested_tokens_total{model_name="a",cache_salt="s"}': 20,
    'lmcache_mp_lookup_requested_tokens_total{model_name="b",cache_salt="s"}': 10,
    'lmcache_mp_lookup_hit_tokens_total{model_name="a",cache_salt="s"}': 3,
    'lmcache_mp_lookup_hit_tokens_total{model_name="b",cache_salt="s"}': 4,
    "lmcache_mp_event_bus_queue_depth": 0,
    "lmcache_mp_event_bus_queue_capacity": 100,
    "lmcache_mp_event_bus_drain_lag_seconds": 0,
    "lmcache_mp_event_bus_published_events_total": 11,
    "lmcache_mp_event_bus_delivered_events_total": 11,
    "lmcache_mp_event_bus_dropped_events_total": 0,
    'lmcache_mp_event_bus_lost_events_total{reason="queue_full"}': 0,
    'lmcache_mp_event_bus_lost_events_total{reason="stopped"}': 0,
    'lmcache_mp_event_bus_lost_events_total{reason="reserved"}': 0,
    'lmcache_mp_event_bus_lost_events_total{reason="evicted"}': 0,
    'lmcache_mp_event_bus_lost_events_total{reason="shutdown"}': 0,
  });
  await bus.stop();
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
  registerKvCache(new EventBus<KvCacheEvents>({ enabled: false }), { meter: metrics.meter });
  assertEquals(Object.keys(samples(await metrics.scrape())).length, 1);
});
