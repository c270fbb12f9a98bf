import { SpanStatusCode } from "@opentelemetry/api";
import { assertEquals } from "@std/assert";
import { named, summary } from "../support/tracing_bus.ts";
import { tracedKvCache, tree } from "../support/traced_kv_cache.ts";

const transfer = (transferKey: string) => ({ transferKey });

Deno.test("a session's spans have LMCache's names, parents, attributes and the request's end", async () => {
  await using kv = tracedKvCache();
  const { publish } = kv;
  publish("mp.request.start", 0);
  publish("mp.lookup_prefetch.start", 1);
  publish("mp.lookup_prefetch.end", 2);
  publish("mp.retrieve.submitted", 3);
  publish("mp.retrieve.start", 4, transfer("s#1"));
  publish("mp.store.submitted", 5);
  publish("mp.retrieve.end", 6, transfer("s#1"));
  publish("mp.request.end", 7);
  publish("mp.store.start", 8, transfer("s#2"));
  publish("mp.store.end", 9, transfer("s#2"));
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [
    ["mp.lookup_prefetch", 1, 2],
    ["mp.retrieve", 4, 6],
    ["mp.store", 8, 9],
    ["request", 0, 7],
  ]);
  assertEquals(tree(spans).slice(0, 3), [
    "mp.lookup_prefetch < request",
    "mp.retrieve < request",
    "mp.store < request",
  ]);
  assertEquals(named(spans, "mp.store").attributes, {
    session_id: "s",
    operationId: "s#2",
    transfer_key: "s#2",
    device: "cuda:0",
    engine_id: 7,
    model_name: "llama",
    stored_count: 3,
    total_bytes: 3e6,
    num_tokens: 768,
  });
});

Deno.test("the root carries the hit rates of its lookup, by tier", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0);
  kv.publish("mp.lookup_prefetch.start", 1);
  kv.publish("mp.lookup_prefetch.end", 2);
  kv.publish("mp.request.end", 3);
  assertEquals(named(await kv.spans(), "request").attributes, {
    session_id: "s",
    hit_tokens: 768,
    requested_tokens: 1_024,
    l1_hit_tokens: 256,
    l2_hit_tokens: 512,
    hit_rate: 0.75,
    l1_hit_rate: 0.25,
    l2_hit_rate: 0.5,
    early_exit_reason: "",
  });
});

Deno.test("an early exit has rates of 0, and the root says why", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0);
  kv.publish("mp.lookup_prefetch.start", 1);
  const none = { foundCount: 0, requestedTokens: 0, hitTokens: 0, l1HitTokens: 0, l2HitTokens: 0 };
  kv.publish("mp.lookup_prefetch.end", 2, { ...none, earlyExitReason: "empty_chunk_hashes" });
  kv.publish("mp.request.end", 3);
  const { attributes } = named(await kv.spans(), "request");
  assertEquals(attributes["early_exit_reason"], "empty_chunk_hashes");
  const { hit_rate, l1_hit_rate, l2_hit_rate } = attributes;
  assertEquals([hit_rate, l1_hit_rate, l2_hit_rate], [0, 0, 0]);
});

Deno.test("a store alone has a root, which says nothing of hits", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.store.submitted", 1);
  kv.publish("mp.store.start", 2);
  kv.publish("mp.request.end", 3);
  kv.publish("mp.store.end", 4);
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [["mp.store", 2, 4], ["request", 1, 3]]);
  assertEquals(named(spans, "request").attributes, { session_id: "s" });
});

Deno.test("a root is open until the last of several ranks has ended, in whatever order they do", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0);
  kv.publish("mp.retrieve.submitted", 1);
  kv.publish("mp.retrieve.submitted", 1, { device: "cuda:1" });
  kv.publish("mp.retrieve.start", 2, { ...transfer("s#1"), device: "cuda:0" });
  kv.publish("mp.request.end", 3);
  kv.publish("mp.retrieve.start", 4, { ...transfer("s#2"), device: "cuda:1" });
  kv.publish("mp.retrieve.end", 5, { ...transfer("s#2"), device: "cuda:1" });
  kv.publish("mp.retrieve.end", 6, { ...transfer("s#1"), device: "cuda:0" });
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [
    ["mp.retrieve", 4, 5],
    ["mp.retrieve", 2, 6],
    ["request", 0, 3],
  ]);
  assertEquals(spans.map(({ attributes }) => attributes["device"]).slice(0, 2), [
    "cuda:1",
    "cuda:0",
  ]);
});

Deno.test("a retrieve that ended without a start holds no root open; one of which nothing more is heard expires", async () => {
  await using kv = tracedKvCache({ maxPairAgeMs: 5_000 });
  kv.publish("mp.request.start", 0);
  kv.publish("mp.retrieve.submitted", 1);
  kv.publish("mp.request.end", 2);
  kv.publish("mp.retrieve.end", 3);
  assertEquals((await kv.spans()).map(summary), [["request", 0, 2]]);
  kv.publish("mp.request.start", 10, {}, { sessionId: "t" });
  kv.publish("mp.retrieve.submitted", 11, {}, { sessionId: "t" });
  kv.publish("mp.request.end", 12, {}, { sessionId: "t" });
  await kv.bus.flush();
  kv.clock.advance(6_000);
  assertEquals((await kv.spans()).map(summary), [["request", 0, 2], ["request", 10, 12]]);
});

Deno.test("a caller's trace goes on; what is malformed or too long in it is no parent", async () => {
  await using kv = tracedKvCache();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const request = (sessionId: string, init: object) => {
    kv.publish("mp.request.start", 0, {}, { sessionId, ...init });
    // A later call without headers ends it all the same.
    kv.publish("mp.request.end", 1, {}, { sessionId });
  };
  request("a", { traceparent, tracestate: "vendor=1" });
  request("b", { traceparent: traceparent + "0".repeat(512) });
  request("c", { traceparent, tracestate: `vendor=${"1".repeat(512)}` });
  const spans = await kv.spans();
  assertEquals(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId), [
    "b7ad6b7169203331",
    undefined,
    "b7ad6b7169203331",
  ]);
  assertEquals(spans[0]?.parentSpanContext?.traceState?.serialize(), "vendor=1");
  assertEquals(spans[2]?.parentSpanContext?.traceState?.serialize(), "");
});

Deno.test("a batch of stores is a root that is linked to its writers, and sampled with one of them", async () => {
  await using kv = tracedKvCache();
  const writer = (i: number, flags = "01") =>
    `00-0af7651916cd43dd8448eb211c80319c-${String(i).padStart(16, "0")}-${flags}`;
  const batch = (sessionId: string, writers: string[], failed?: boolean) => {
    kv.publish("l2.store.schedule.start", 0, { writers }, { sessionId });
    kv.publish("l2.store.schedule.end", 1, { failed }, { sessionId });
  };
  batch("a", Array.from({ length: 200 }, (_, i) => writer(i + 1)));
  batch("b", [writer(1, "00"), writer(2), writer(2)], true);
  batch("c", [writer(1, "00"), writer(2, "00")]);
  batch("d", []);
  const spans = await kv.spans();
  assertEquals(
    spans.map(({ attributes, links, status, parentSpanContext }) => [
      attributes["session_id"],
      links.length,
      status,
      parentSpanContext,
    ]),
    [
      ["a", 128, { code: SpanStatusCode.UNSET }, undefined],
      ["b", 2, { code: SpanStatusCode.ERROR, message: "" }, undefined],
      ["d", 0, { code: SpanStatusCode.UNSET }, undefined],
    ],
  );
});

Deno.test("a timeout is a failed span of no length, in its request or alone", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0);
  kv.publish("timeout.raised", 1);
  kv.publish("timeout.raised", 1, {}, { sessionId: "" });
  kv.publish("mp.request.end", 2);
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [["timeout", 1, 1], ["timeout", 1, 1], ["request", 0, 2]]);
  assertEquals(tree(spans), ["timeout < request", "timeout", "request"]);
  const [timeout] = spans;
  assertEquals(timeout?.status, { code: SpanStatusCode.ERROR, message: "too late" });
  assertEquals(timeout?.attributes, { session_id: "s" });
  assertEquals(timeout?.events.map(({ name, attributes }) => [name, attributes]), [
    ["exception", {
      "exception.type": "LockTimeout",
      "exception.message": "too late",
      "exception.stacktrace": "at x",
    }],
  ]);
});

Deno.test("a lookup that is given up holds its request open no longer than that lasts", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.request.start", 0);
  kv.publish("mp.lookup_prefetch.start", 1);
  kv.publish("mp.request.end", 2);
  const spans = await kv.spans();
  assertEquals(spans.map(summary), [["mp.lookup_prefetch", 1, 2], ["request", 0, 2]]);
  assertEquals(named(spans, "mp.lookup_prefetch").attributes["busbar.closed_by"], "mp.request.end");
});

Deno.test("transfers are told apart by their keys in one operation, and what was submitted in it holds no root", async () => {
  await using kv = tracedKvCache();
  const operation = { operationId: "of the request" };
  kv.publish("mp.request.start", 0);
  for (const at of [1, 2]) kv.publish("mp.retrieve.submitted", at, {}, operation);
  kv.publish("mp.retrieve.start", 3, transfer("s#1"), operation);
  kv.publish("mp.retrieve.start", 4, transfer("s#2"), operation);
  kv.publish("mp.request.end", 5);
  kv.publish("mp.retrieve.end", 6, transfer("s#2"));
  kv.publish("mp.retrieve.end", 7, transfer("s#1"));
  assertEquals((await kv.spans()).map(summary), [
    ["mp.retrieve", 4, 6],
    ["mp.retrieve", 3, 7],
    ["request", 0, 5],
  ]);
});
