import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare, type MetricDeclaration } from "@busbar/busbar/catalog";
import { type CollectedMetric, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import fc from "../../support/properties.ts";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";

interface Events {
  e: { key: string | string[]; value: number };
}
const { counter, gauge, histogram } = declare<Events>();
const attributes = ({ metadata: { key } }: { metadata: Events["e"] }) => ({ key });
const value = ({ metadata }: { metadata: Events["e"] }) => metadata.value;

function observed(metrics: Record<string, MetricDeclaration<Events>>) {
  const clock = new ManualClock(1_000_000);
  const logger = new MemoryLogger();
  const bus = new EventBus<Events>({ clock: clock.now, logger, drainBudgetMs: ONE_SLICE_MS })
    .start();
  const subscriber = new MetricsSubscriber<Events>({ metrics, logger });
  bus.registerSubscriber(subscriber);
  const publish = async (key: string | string[], value = 1) => {
    bus.publish("e", { key, value });
    await bus.flush();
  };
  return {
    bus,
    clock,
    subscriber,
    publish,
    async [Symbol.asyncDispose]() {
      await bus.stop();
    },
  };
}

/** What there is of a metric: keys with their values or counts. */
function shown(metrics: readonly CollectedMetric[], name: string): Record<string, number> {
  const metric = metrics.find((one) => one.name === name)!;
  return Object.fromEntries(
    metric.points.map((point) => [
      Object.values(point.attributes).join(),
      "value" in point ? point.value : point.count,
    ]),
  );
}

Deno.test("a series without a value for its age is left out, and counted; by default it stays", async () => {
  await using all = observed({
    c: counter("e", { value, attributes, maxIdleMs: 60_000 }),
    g: gauge("e", { value, attributes, maxIdleMs: 60_000 }),
    h: histogram("e", { value, attributes, maxIdleMs: 60_000 }),
    stays: counter("e", { value, attributes }),
  });
  await all.publish("a", 5);
  await all.publish("b", 7);
  all.clock.advance(59_999);
  await all.publish("b", 7);
  let metrics = all.subscriber.collect();
  assertEquals(shown(metrics, "c"), { a: 5, b: 14 });
  all.clock.advance(1);
  metrics = all.subscriber.collect();
  assertEquals(shown(metrics, "c"), { b: 14 });
  assertEquals(shown(metrics, "g"), { b: 7 });
  assertEquals(shown(metrics, "h"), { b: 2 });
  assertEquals(shown(metrics, "stays"), { a: 5, b: 14 });
  assertEquals(all.subscriber.stats().expiredSeriesByMetric, { c: 1, g: 1, h: 1 });
  // The series begins anew, also for what looks at its start.
  await all.publish("a", 3);
  metrics = all.subscriber.collect();
  assertEquals(shown(metrics, "c"), { b: 14, a: 3 });
  assertEquals(shown(metrics, "h"), { b: 2, a: 1 });
  for (const { name, points } of metrics.filter(({ name }) => name !== "stays")) {
    assertEquals(points.map(({ startTimeMs }) => startTimeMs), [1_000_000, 1_060_000], name);
  }
});

Deno.test("what is there before the first event stays, the overflow's series does not", async () => {
  await using all = observed({
    plain: counter("e", { maxIdleMs: 10 }),
    declared: counter("e", {
      attributes,
      attributeValues: { key: ["a"] },
      maxIdleMs: 10,
      maxAttributeSets: 3,
    }),
  });
  for (const key of ["a", "b", "c", "d"]) await all.publish(key);
  assertEquals(shown(all.subscriber.collect(), "declared"), { a: 1, b: 1, true: 2 });
  all.clock.advance(10);
  assertEquals(shown(all.subscriber.collect(), "declared"), { a: 1 });
  assertEquals(shown(all.subscriber.collect(), "plain"), { "": 4 });
  // There is room again.
  for (const key of ["c", "d", "e"]) await all.publish(key);
  assertEquals(shown(all.subscriber.collect(), "declared"), { a: 1, c: 1, true: 2 });
});

Deno.test("what is being collected while series leave stays as it was", async () => {
  await using all = observed({
    h: histogram("e", { value, attributes, maxIdleMs: 10, buckets: [3] }),
  });
  for (let i = 0; i < 500; i++) all.bus.publish("e", { key: `${i}`, value: i });
  await all.bus.flush();
  const first = all.subscriber.collectInSlices();
  all.clock.advance(5);
  await all.publish("499", 1);
  all.clock.advance(5);
  assertEquals(shown(all.subscriber.collect(), "h"), { "499": 2 });
  const points = shown(await first, "h");
  assertEquals(Object.values(points), new Array(500).fill(1));
});

Deno.test("whatever comes and goes, values are those of a simple model", async () => {
  const step = fc.oneof(
    fc.record({ key: fc.constantFrom("a", "b", "c", ["a"], ["b", "c"]), value: fc.nat(9) }),
    fc.record({ advanceMs: fc.integer({ min: 1, max: 30 }) }),
    fc.constant("collect" as const),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    await using all = observed({
      c: counter("e", { value, attributes, maxIdleMs: 50 }),
      h: histogram("e", { value, attributes, maxIdleMs: 50, buckets: [3] }),
    });
    const model = new Map<string, { sum: number; count: number; lastMs: number }>();
    for (const one of steps) {
      if (one === "collect") {
        for (const [key, { lastMs }] of model) {
          if (all.clock.timeMs - lastMs >= 50) model.delete(key);
        }
        const metrics = all.subscriber.collect();
        const expected = (pick: "sum" | "count") =>
          Object.fromEntries([...model].map(([key, one]) => [key, one[pick]]));
        assertEquals(byList(metrics, "c"), expected("sum"));
        assertEquals(byList(metrics, "h"), expected("count"));
      } else if ("advanceMs" in one) {
        all.clock.advance(one.advanceMs);
      } else {
        await all.publish(one.key, one.value);
        const key = JSON.stringify(one.key);
        const known = model.get(key) ?? { sum: 0, count: 0, lastMs: 0 };
        known.sum += one.value;
        known.count++;
        known.lastMs = all.clock.timeMs;
        model.set(key, known);
      }
    }
  }));
});

/** The same as `shown`, where a list is another key than its text. */
function byList(metrics: readonly CollectedMetric[], name: string): Record<string, number> {
  const metric = metrics.find((one) => one.name === name)!;
  return Object.fromEntries(
    metric.points.map((point) => [
      JSON.stringify(point.attributes["key"]),
      "value" in point ? point.value : point.count,
    ]),
  );
}

Deno.test("an age that is none is refused", () => {
  for (const maxIdleMs of [0, -1, NaN, Infinity, "1"]) {
    assertThrows(
      () => counter("e", { maxIdleMs: maxIdleMs as number }),
      TypeError,
      "Cannot declare a counter: maxIdleMs must be a number above 0, received",
    );
  }
});
