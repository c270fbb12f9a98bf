import { assert, assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { type AttributeValue, declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { EventBus } from "@busbar/busbar";

interface Events {
  "seen": { attributes: Record<string, AttributeValue | undefined>; value: number };
}

const { counter } = declare<Events>();

function seen(maxAttributeSets: number) {
  return {
    "seen": counter("seen", {
      value: ({ metadata }) => metadata.value,
      attributes: ({ metadata }) => metadata.attributes,
      maxAttributeSets,
    }),
  };
}

const attributes = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.oneof(
    fc.constantFrom("x", "y", "1", "#1"),
    fc.constantFrom(1, 2, NaN, -0),
    fc.boolean(),
    fc.constant(undefined),
    fc.constantFrom(["x"], ["x", "y"]),
  ),
  { noNullPrototype: true },
);

Deno.test("equal attribute sets make one series, and past the limit totals stay exact", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.record({ attributes, value: fc.nat(9) }), { maxLength: 60 }),
    fc.integer({ min: 2, max: 12 }),
    async (events, limit) => {
      const bus = new EventBus<Events>().start();
      const logger = new MemoryLogger();
      const subscriber = new MetricsSubscriber<Events>({ metrics: seen(limit), logger });
      bus.registerSubscriber(subscriber);
      for (const event of events) bus.publish("seen", event);
      await bus.stop();

      const expected = new Map<string, number>();
      let overflowed = 0;
      for (const { attributes, value } of events) {
        const key = keyOf(attributes);
        if (!expected.has(key) && expected.size >= limit - 1) {
          overflowed++;
          expected.set("overflow", (expected.get("overflow") ?? 0) + value);
          continue;
        }
        expected.set(key, (expected.get(key) ?? 0) + value);
      }
      const points = subscriber.collect().flatMap(({ points }) => [...points] as unknown[]) as {
        attributes: Record<string, unknown>;
        value: number;
      }[];
      assertEquals(
        new Map(points.map((point) => [
          point.attributes["otel.metric.overflow"] === true ? "overflow" : keyOf(point.attributes),
          point.value,
        ])),
        expected,
      );
      assertEquals(
        subscriber.stats().overflowedByMetric,
        overflowed === 0 ? {} : { seen: overflowed },
      );
      assertEquals(logger.lines.length, overflowed === 0 ? 0 : 1);
    },
  ));
});

/** The model's own idea of equal sets: by name, `undefined` left out, -0 and 0 alike. */
function keyOf(attributes: Record<string, unknown>): string {
  return Object.entries(attributes).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? "list" : typeof value}:${value}`)
    .toSorted().join(" & ");
}

Deno.test("a number is another attribute value than any text", async () => {
  const subscriber = new MetricsSubscriber<Events>({ metrics: seen(10) });
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(subscriber);
  for (const a of [1, "1", "#1", "$1", NaN, "#NaN"]) {
    bus.publish("seen", { attributes: { a }, value: 1 });
  }
  await bus.stop();
  const [collected] = subscriber.collect();
  assert(collected?.kind === "counter");
  assertEquals(collected.points.map(({ value }) => value), [1, 1, 1, 1, 1, 1]);
});

Deno.test("what cannot be an attribute is left out, and its value counts", async () => {
  const logger = new MemoryLogger();
  const subscriber = new MetricsSubscriber<Events>({ metrics: seen(10), logger });
  const bus = new EventBus<Events>({ logger }).start();
  bus.registerSubscriber(subscriber);
  const given: unknown[] = [
    { a: "x", b: 1n },
    { a: "x", b: [1n] },
    { a: "x", b: [{}] },
    { a: "x", b: {} },
    null,
    "text",
    7,
    ["x"],
  ];
  for (const attributes of given) {
    bus.publish("seen", { attributes: attributes as Record<string, AttributeValue>, value: 1 });
  }
  await bus.stop();
  const [collected] = subscriber.collect();
  assert(collected?.kind === "counter");
  assertEquals(collected.points, [
    { attributes: { a: "x" }, value: 4 },
    { attributes: {}, value: 4 },
  ]);
  assertEquals(bus.subscriberExceptionCounts(), Object.create(null));
});

Deno.test("the limit is told once, by the metric and the number", async () => {
  const logger = new MemoryLogger();
  const subscriber = new MetricsSubscriber<Events>({ metrics: seen(3), logger });
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(subscriber);
  for (let a = 0; a < 5; a++) bus.publish("seen", { attributes: { a }, value: 1 });
  await bus.stop();
  assertEquals(logger.lines, [
    "busbar: the metric seen has reached its limit of 3 attribute sets; further ones are counted " +
    "in the series otel_metric_overflow",
  ]);
});

Deno.test("past the limit a set that is held is found in any order of its names", async () => {
  const subscriber = new MetricsSubscriber<Events>({
    metrics: seen(3),
    logger: new MemoryLogger(),
  });
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(subscriber);
  const sets = [
    { a: "1", b: "2" },
    { a: "2", b: "1" },
    // These have no room.
    { a: "3", b: "3" },
    { b: "4", a: "4" },
    // And these are the first two again, each twice: the order is met lately then.
    { b: "2", a: "1" },
    { b: "1", a: "2" },
    { b: "2", a: "1" },
    { b: "1", a: "2" },
  ];
  for (const attributes of sets) bus.publish("seen", { attributes, value: 1 });
  await bus.stop();
  const [collected] = subscriber.collect();
  assert(collected?.kind === "counter");
  assertEquals(collected.points, [
    { attributes: { a: "1", b: "2" }, value: 3 },
    { attributes: { a: "2", b: "1" }, value: 3 },
    { attributes: { "otel.metric.overflow": true }, value: 2 },
  ]);
});

Deno.test("an attribute may have any name", async () => {
  const subscriber = new MetricsSubscriber<Events>({ metrics: seen(10) });
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(subscriber);
  const attributes = JSON.parse('{"__proto__": "x", "constructor": "y"}');
  for (let i = 0; i < 2; i++) bus.publish("seen", { attributes, value: 1 });
  await bus.stop();
  const [collected] = subscriber.collect();
  assert(collected?.kind === "counter");
  assertEquals(
    collected.points.map(({ attributes, value }) => [JSON.stringify(attributes), value]),
    [
      ['{"__proto__":"x","constructor":"y"}', 2],
    ],
  );
});
