import { SpanStatusCode } from "@opentelemetry/api";
import { assertEquals } from "@std/assert";
import { named, summary } from "../support/tracing_bus.ts";
import { tracedKvCache, tree } from "../support/traced_kv_cache.ts";

Deno.test("CacheBlend's request is a root of its own, with the legs of its lookup under that", async () => {
  await using kv = tracedKvCache();
  const { publish } = kv;
  publish("cb.request.start", 0);
  publish("mp.request.start", 0);
  publish("cb.lookup.start", 1);
  const legs = ["fingerprint_match", "prefix_lookup", "coordinator_match", "sparse_prefetch"];
  for (const leg of legs) publish(`cb.${leg}.start` as "cb.prefix_lookup.start", 2);
  for (const leg of legs) publish(`cb.${leg}.end` as "cb.prefix_lookup.end", 3);
  publish("cb.fingerprints.registered", 4);
  publish("cb.lookup.end", 5);
  publish("cb.retrieve.noop", 6);
  publish("cb.chunks.evicted", 7);
  publish("cb.request.end", 8);
  publish("mp.request.end", 9);
  assertEquals(tree(await kv.spans()), [
    ...legs.map((leg) => `cb.${leg} < cb.lookup`),
    "cb.fingerprints.registered < cb.request",
    "cb.lookup < cb.request",
    "cb.retrieve.noop < cb.request",
    "cb.chunks.evicted < cb.request",
    "cb.request",
    "request",
  ]);
});

Deno.test("its root carries the parts of its hits and their rates", async () => {
  await using kv = tracedKvCache();
  kv.publish("cb.request.start", 0);
  kv.publish("cb.lookup.start", 1);
  kv.publish("cb.lookup.end", 2);
  kv.publish("cb.request.end", 3);
  assertEquals(named(await kv.spans(), "cb.request").attributes, {
    session_id: "s",
    hit_tokens: 600,
    requested_tokens: 768,
    hit_rate: 600 / 768,
    prefix_hits: 1,
    prefix_hit_tokens: 300,
    prefix_hit_rate: 300 / 768,
    segmented_prefix_hit_tokens: 200,
    segmented_prefix_hit_rate: 200 / 768,
    non_prefix_hit_tokens: 100,
    non_prefix_hit_rate: 100 / 768,
  });
});

Deno.test("ranks at once overwrite each other nowhere; the root ends with the last of them", async () => {
  await using kv = tracedKvCache();
  kv.publish("cb.request.start", 0);
  for (const _ of [0, 1]) kv.publish("cb.retrieve.submitted", 1, { workerId: undefined });
  for (const workerId of [0, 1]) kv.publish("cb.retrieve.start", 2 + workerId, { workerId });
  kv.publish("cb.request.end", 4);
  for (const workerId of [0, 1]) kv.publish("cb.scatter.start", 5 + workerId, { workerId });
  for (const workerId of [0, 1]) kv.publish("cb.scatter.end", 7 + workerId, { workerId });
  kv.publish("cb.retrieve.end", 9, { workerId: 1, success: false });
  kv.publish("cb.retrieve.end", 10, { workerId: 0 });
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [
    ["cb.scatter", 5, 7],
    ["cb.scatter", 6, 8],
    ["cb.retrieve", 3, 9],
    ["cb.retrieve", 2, 10],
    ["cb.request", 0, 10],
  ]);
  const [scatter0, scatter1, retrieve1, retrieve0] = spans;
  assertEquals(scatter0?.parentSpanContext?.spanId, retrieve0?.spanContext().spanId);
  assertEquals(scatter1?.parentSpanContext?.spanId, retrieve1?.spanContext().spanId);
  assertEquals(retrieve1?.status.code, SpanStatusCode.ERROR);
  assertEquals(retrieve0?.status.code, SpanStatusCode.UNSET);
});

Deno.test("a second start of an open request is ignored and told once", async () => {
  await using kv = tracedKvCache();
  for (const at of [0, 1, 2]) kv.publish("cb.request.start", at);
  kv.publish("cb.request.end", 3);
  assertEquals((await kv.stop()).map(summary), [["cb.request", 0, 3]]);
  assertEquals(kv.lines.length, 1);
});

Deno.test("a lookup that is given up ends with its request, its legs too", async () => {
  for (const end of ["cb.request.end", "mp.request.end"] as const) {
    await using kv = tracedKvCache();
    kv.publish("cb.request.start", 0);
    kv.publish("cb.lookup.start", 1);
    kv.publish("cb.prefix_lookup.start", 2);
    kv.publish("cb.coordinator_match.start", 3);
    kv.publish(end, 4);
    assertEquals((await kv.spans()).map(summary).toSorted(), [
      ["cb.coordinator_match", 3, 4],
      ["cb.lookup", 1, 4],
      ["cb.prefix_lookup", 2, 4],
      ["cb.request", 0, 4],
    ]);
  }
});

Deno.test("a session that is removed before its retrieves have ended leaves them their root", async () => {
  await using kv = tracedKvCache();
  kv.publish("cb.request.start", 0);
  kv.publish("cb.retrieve.submitted", 1, { workerId: undefined });
  kv.publish("mp.request.end", 2);
  kv.publish("cb.retrieve.start", 3, { workerId: 0 });
  kv.publish("cb.retrieve.end", 4, { workerId: 0 });
  kv.publish("cb.request.end", 5);
  assertEquals((await kv.spans()).map(summary), [["cb.retrieve", 3, 4], ["cb.request", 0, 5]]);
});

Deno.test("a timeout is in CacheBlend's request, where there is no other", async () => {
  await using kv = tracedKvCache();
  kv.publish("cb.request.start", 0);
  kv.publish("timeout.raised", 1);
  kv.publish("mp.request.start", 2);
  kv.publish("timeout.raised", 3);
  kv.publish("cb.request.end", 4);
  kv.publish("mp.request.end", 5);
  assertEquals(tree(await kv.spans()), [
    "timeout < cb.request",
    "timeout < request",
    "cb.request",
    "request",
  ]);
});
