import { assertEquals } from "@std/assert";
import { EventType, kvCacheCatalog, type KvCacheEvents } from "@busbar/busbar/kv-cache";
import { example } from "../support/kv_cache_events.ts";
import { tracedKvCache } from "../support/traced_kv_cache.ts";

type Type = keyof KvCacheEvents;

/** LMCache's list: what is for debugging, but for what a failure makes a warning. */
const DEBUG: readonly Type[] = [
  "mp.store.start",
  "mp.retrieve.start",
  "mp.lookup_prefetch.start",
  "l1.read.reserved",
  "l1.read.finished",
  "l1.write.reserved",
  "l1.write.finished",
  "l1.write_finished_and_read_reserved",
  "l1.keys.evicted",
  "sm.read.prefetched_finished",
  "sm.write.reserved",
  "sm.write.finished",
  "l2.store.submitted",
  "l2.store.completed",
  "l2.prefetch.lookup.submitted",
  "l2.prefetch.load.submitted",
  "l2.prefetch.load.completed",
  "l2.load_task.submitted",
  "l2.load_task.completed",
  "l2.prefetch.deadline",
  "l2.keys.evicted",
  "cb.lookup.end",
  "cb.fingerprint_match.end",
  "cb.prefix_lookup.end",
  "cb.coordinator_match.end",
  "cb.sparse_prefetch.start",
  "cb.sparse_prefetch.end",
  "cb.retrieve.end",
  "cb.retrieve.noop",
  "cb.scatter.start",
  "cb.scatter.end",
  "cb.request.end",
];

Deno.test("what LMCache logs for debugging is logged for debugging, and lists no chunk", async () => {
  await using kv = tracedKvCache({ minLevel: "debug" });
  for (const type of DEBUG) kv.publish(type, 0);
  await kv.bus.flush();
  assertEquals(
    kv.records.map(({ eventType, level }) => [eventType, level]),
    DEBUG.map((type) => [type, "debug"]),
  );
  // Their hashes are a1, b2 and c3.
  assertEquals(/chunkHash|"(a1|b2|c3)"/.exec(JSON.stringify(kv.records)), null);
});

Deno.test("what a request has found and moved is information; what failed is a warning", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.lookup_prefetch.end", 0);
  kv.publish("mp.retrieve.end", 0);
  kv.publish("mp.store.end", 0);
  kv.publish("timeout.raised", 0);
  kv.publish("cb.retrieve.end", 0, { success: false });
  kv.publish("cb.scatter.end", 0, { success: true });
  await kv.bus.flush();
  assertEquals(kv.records.map(({ level, body }) => [level, body]), [
    ["info", "768 of 1024 tokens found"],
    ["info", "768 tokens retrieved to cuda:0"],
    ["info", "768 tokens stored from cuda:0"],
    ["warn", "LockTimeout: too late"],
    ["warn", "cb.retrieve.end"],
  ]);
});

Deno.test("there is one record a request with its hits by tier, which names its trace", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0, {}, { sessionId: "r7" });
  kv.publish("mp.lookup_prefetch.start", 1, {}, { sessionId: "r7" });
  kv.publish("mp.lookup_prefetch.end", 2, {}, { sessionId: "r7" });
  kv.publish("mp.request.end", 3, {}, { sessionId: "r7" });
  const [lookup] = await kv.spans();
  const [record] = kv.records;
  assertEquals(kv.records.length, 1);
  assertEquals(record?.sessionId, "r7");
  assertEquals(record?.spanId, lookup?.spanContext().spanId);
  assertEquals({ ...record?.attributes } as object, example("mp.lookup_prefetch.end"));
});

Deno.test("every logged type is one that there is", () => {
  const types = new Set<string>(Object.values(EventType));
  for (const type of Object.keys(kvCacheCatalog().logs ?? {})) assertEquals(types.has(type), true);
});
