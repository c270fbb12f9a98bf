import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { assert, assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, type LogRecord, registerKvCache } from "@busbar/busbar/kv-cache";
import { keys } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";

const T0 = 1_700_000_000_000;
const transfer = { device: "cuda:0", engineId: "e1", modelName: "a" };

function traced() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const records: LogRecord[] = [];
  const bus = new EventBus<KvCacheEvents>().start();
  const registration = registerKvCache(bus, {
    collect: true,
    tracer: provider.getTracer("test"),
    logSink: (record) => void records.push(record),
  });
  return {
    bus,
    registration,
    records,
    async spans() {
      await bus.flush();
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await provider.shutdown();
    },
  };
}

Deno.test("a session's spans hang under its request, which stays open for late ends", async () => {
  await using kv = traced();
  const at = (ms: number) => ({ sessionId: "s1", timestamp: T0 + ms });
  kv.bus.publish("mp.request.start", undefined, at(0));
  kv.bus.publish("mp.lookup_prefetch.start", undefined, at(1));
  kv.bus.publish("mp.lookup_prefetch.end", {
    ...example("mp.lookup_prefetch.end"),
    modelName: "a",
    cacheSalt: "s",
  }, at(3));
  const retrieve = { ...transfer, operationId: 1 };
  kv.bus.publish("mp.retrieve.submitted", retrieve, at(4));
  kv.bus.publish("mp.retrieve.start", retrieve, at(5));
  kv.bus.publish("mp.retrieve.end", {
    ...retrieve,
    retrievedCount: 2,
    cacheSalt: "s",
    totalBytes: 4e6,
    numTokens: 512,
  }, at(7));
  const store = { ...transfer, operationId: 2 };
  kv.bus.publish("mp.store.submitted", store, at(8));
  kv.bus.publish("mp.request.end", undefined, at(9));
  assertEquals((await kv.spans()).map(({ name }) => name), ["mp.lookup_prefetch", "mp.retrieve"]);

  kv.bus.publish("mp.store.start", store, at(12));
  kv.bus.publish(
    "mp.store.end",
    { ...store, storedCount: 2, totalBytes: 8, numTokens: 512 },
    at(15),
  );
  const spans = await kv.spans();
  const named = Object.fromEntries(spans.map((span) => [span.name, span]));
  const root = named["request"];
  assert(root !== undefined);
  assertEquals(spans.length, 4);
  for (const name of ["mp.lookup_prefetch", "mp.retrieve", "mp.store"]) {
    assertEquals(named[name]?.parentSpanContext?.spanId, root.spanContext().spanId);
  }
  const { attributes = {} } = named["mp.retrieve"] ?? {};
  assertEquals(attributes["session_id"], "s1");
  assertEquals(attributes["retrieved_count"], 2);
  assertEquals(attributes["device"], "cuda:0");

  // The throughput was measured in the span of its retrieve.
  const throughput = kv.registration.collect()
    .find(({ name }) => name === "lmcache_mp.l0_l1_load_throughput");
  assert(throughput?.kind === "histogram");
  const [exemplar] = throughput.points[0]?.exemplars ?? [];
  assertEquals(exemplar?.spanId, named["mp.retrieve"]?.spanContext().spanId);
  assertEquals(exemplar?.value, 4e6 / 0.002 / 1e9);
});

Deno.test("failures are logged as warnings that name their trace, ends are not", async () => {
  await using kv = traced();
  const session = { sessionId: "s1" };
  kv.bus.publish("mp.request.start", undefined, session);
  kv.bus.publish("l1.allocation.failed", { during: "l1_store", ...keys(3, "a") }, session);
  kv.bus.publish("l1.keys.evicted", keys(3), session);
  kv.bus.publish("mp.request.end", undefined, session);
  const [root] = await kv.spans();
  assertEquals(kv.records.map(({ level, body }) => [level, body]), [
    ["warn", "L1 had no room for 3 chunks"],
  ]);
  const [record] = kv.records;
  assertEquals(record?.attributes["keyCount"], 3);
  assertEquals(record?.traceId, root?.spanContext().traceId);
});
