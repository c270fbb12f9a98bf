import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventType, kvCacheCatalog, type KvCacheEvents } from "@busbar/busbar/kv-cache";
import type { BusEvent } from "@busbar/busbar";
import { keys } from "../support/kv_cache.ts";

const types = Object.values(EventType) as (keyof KvCacheEvents)[];

Deno.test("every type is a constant named after it", () => {
  for (const [name, type] of Object.entries(EventType)) {
    assertEquals(name, type.replaceAll(".", "_").toUpperCase());
  }
  // LMCache's 64 but for trace.call, which is no event here, and two of Busbar's own.
  assertEquals(types.length, 63 + 2);
});

Deno.test("every type and each of its fields is described, with units where there are some", () => {
  const { events = {} } = kvCacheCatalog();
  assertEquals(Object.keys(events).sort(), types.toSorted());
  for (const { description, metadata } of Object.values(events)) {
    assert(description.length > 0);
    for (const [name, field] of Object.entries(metadata ?? {})) {
      assert(field.description.length > 0);
      if (
        /Count$|[kK]eys$|Chunks$/.test(name) && name !== "adapterCount" && name !== "tokenChunks"
      ) {
        assertEquals(field.unit, "chunks");
      }
      if (/[bB]ytes/.test(name)) assertEquals(field.unit, "By");
      if (/Tokens$/.test(name)) assertEquals(field.unit, "tokens");
      if (/Seconds$/.test(name)) assertEquals(field.unit, "s");
    }
  }
});

Deno.test("metrics and spans use only types that there are", () => {
  const { metrics = {}, spans = {} } = kvCacheCatalog();
  const known = new Set<string>(types);
  const used = [
    ...Object.values(metrics).flatMap((metric) =>
      metric.source === "pair"
        ? [metric.start, metric.end]
        : metric.source === "event"
        ? metric.types
        : []
    ),
    ...Object.values(spans).flatMap((span) => [span.start, span.end, ...span.announcedBy]),
  ];
  for (const type of used) assert(known.has(type), type);
});

Deno.test("the request is the root, and submissions announce stores and retrieves", () => {
  const { spans = {} } = kvCacheCatalog();
  assertEquals(
    Object.entries(spans).filter(([, { root, announcedBy }]) => root || announcedBy.length > 0)
      .map(([name, { root, announcedBy }]) => [name, root, announcedBy]),
    [
      ["request", true, []],
      ["mp.retrieve", false, ["mp.retrieve.submitted"]],
      ["mp.store", false, ["mp.store.submitted"]],
      ["mp.l2.store.schedule", true, []],
      ["cb.request", true, []],
      ["cb.retrieve", false, ["cb.retrieve.submitted"]],
    ],
  );
});

Deno.test("failures are warnings that count keys and do not list them", () => {
  const { logs = {} } = kvCacheCatalog();
  const event = <Type extends string, Metadata>(type: Type, metadata: Metadata) =>
    ({
      type,
      metadata,
      timestamp: 0,
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    }) satisfies BusEvent;
  const failed = logs["l1.allocation.failed"];
  assertEquals(failed?.level, "warn");
  assertEquals(
    failed?.attributes?.(
      event("l1.allocation.failed", { during: "l1_store" as const, ...keys(3, "a") }),
    ),
    { during: "l1_store", keyCount: 3, modelNames: ["a"] },
  );
  assertEquals(logs["l1.read.failed"]?.level, "warn");
  assertEquals(logs["l2.prefetch.failed"]?.level, "warn");
  assertEquals(logs["mp.store.end"]?.level, "info");
  assertEquals(logs["mp.store.start"]?.level, "debug");
  assertEquals(logs["timeout.raised"]?.level, "warn");
  for (const type of types) {
    // Those of CacheBlend but for starts; L1, L2, SM and transfers.
    if (/^cb\..*\.end$/.test(type)) assert(logs[type] !== undefined, type);
  }
  const level = logs["sm.write.finished"]?.level;
  assert(typeof level === "function");
  const outcome = (failedKeys: number) =>
    event("sm.write.finished", { succeededKeys: [], failedKeys: keys(failedKeys).keys });
  assertEquals([level(outcome(0)), level(outcome(1))], ["debug", "warn"]);
});

Deno.test("a prefix that cannot begin a name is refused at once", () => {
  assertThrows(() => kvCacheCatalog({ prefix: "1 2" }), TypeError, "Cannot declare a metric");
});
