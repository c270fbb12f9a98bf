import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { summary, T0, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { eventSpan, span } = declare<TestEvents>();
const SPANS = {
  store: span("store.start", "store.end"),
  retrieve: span("retrieve.start", "retrieve.end"),
  step: eventSpan("steps", {
    parent: ["store", "retrieve"],
    afterwards: true,
    parts: ({ metadata }) =>
      (metadata?.["of"] as [string, string?][]).map(([operationId, parent]) => ({
        operationId,
        parent,
        startTimeMs: T0 + 1,
        endTimeMs: T0 + 2,
      })),
  }),
};

Deno.test("they are under the span of their operation, in whatever session, also when it has ended", async () => {
  const { publish, stop, tracing } = tracedBus(SPANS, { sessionIdAttribute: "sid" });
  publish("store.start", 0, { operationId: "a#1" }, { sessionId: "a" });
  publish("store.end", 3, { operationId: "a#1" }, { sessionId: "a" });
  publish("retrieve.start", 4, { operationId: "b#2" }, { sessionId: "b" });
  publish("steps", 5, { of: [["a#1"], ["b#2", "retrieve"], ["b#2", "store"], ["c#3"], [""]] }, {
    sessionId: "",
  });
  publish("retrieve.end", 9, { operationId: "b#2" }, { sessionId: "b" });
  const spans = await stop();
  assertEquals(spans.map(summary), [
    ["store", 0, 3],
    ["step", 1, 2],
    ["step", 1, 2],
    ["retrieve", 4, 9],
  ]);
  const ids = spans.map((span) => span.spanContext().spanId);
  assertEquals(spans[1]?.parentSpanContext?.spanId, ids[0]);
  assertEquals(spans[2]?.parentSpanContext?.spanId, ids[3]);
  assertEquals(spans.slice(1, 3).map(({ attributes }) => attributes["sid"]), ["a", "b"]);
  // The store of b, c, and what has no operation.
  assertEquals(tracing.stats().orphanedEvents, 3);
});

Deno.test("a later span of the same operation takes the place of the one before, and no other's", async () => {
  const { publish, stop } = tracedBus(SPANS, { maxOpenPairs: 2 });
  for (const operationId of ["1", "2", "2"]) {
    publish("store.start", 0, { operationId });
    publish("store.end", 1, { operationId });
  }
  publish("steps", 2, { of: [["1"], ["2"]] });
  const spans = await stop();
  const ids = spans.map((span) => span.spanContext().spanId);
  assertEquals(spans.slice(3).map(({ parentSpanContext }) => parentSpanContext?.spanId), [
    ids[0],
    ids[2],
  ]);
});

Deno.test("as many parents are known as may wait for their end; the oldest are forgotten first", async () => {
  const { publish, stop, tracing } = tracedBus(SPANS, { maxOpenPairs: 2 });
  for (const operationId of ["1", "2", "3", "2"]) {
    publish("store.start", 0, { operationId });
    publish("store.end", 1, { operationId });
  }
  publish("store.start", 0, { operationId: "4" });
  publish("store.end", 1, { operationId: "4" });
  publish("steps", 2, { of: [["1"], ["2"], ["3"], ["4"]] });
  const steps = (await stop()).filter(({ name }) => name === "step");
  assertEquals(steps.length, 2);
  assertEquals(tracing.stats().orphanedEvents, 2);
});

Deno.test("what is left of parts at a shutdown is made then; one that throws keeps no other out", async () => {
  const left = [{ operationId: "1", startTimeMs: T0 + 1, endTimeMs: T0 + 2 }];
  const { bus, publish, stop } = tracedBus({
    store: SPANS.store,
    broken: eventSpan("steps", {
      parent: "store",
      afterwards: true,
      parts: () => [],
      partsLeft: () => {
        throw new Error("lost");
      },
    }),
    step: eventSpan("steps", {
      parent: "store",
      afterwards: true,
      parts: () => [],
      partsLeft: () => left.splice(0),
    }),
  });
  publish("store.start", 0, { operationId: "1" });
  publish("store.end", 3, { operationId: "1" });
  const spans = await stop();
  assertEquals(spans.map(summary), [["store", 0, 3], ["step", 1, 2]]);
  assertEquals(spans[1]?.parentSpanContext?.spanId, spans[0]?.spanContext().spanId);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { TracingSubscriber: 1 });
});

Deno.test("partsLeft goes with parts that are reported afterwards", () => {
  for (const options of [{ parent: "store", afterwards: true }, { parts: () => [] }]) {
    assertThrows(
      () => eventSpan("steps", { ...options, partsLeft: () => [] }),
      TypeError,
      "partsLeft must be given beside parts and afterwards",
    );
  }
});
