import { assertEquals } from "@std/assert";
import { type AttributeValue, declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { EventBus } from "@busbar/busbar";

type Attributes = Record<string, AttributeValue | undefined>;
interface Events {
  "seen": { attributes: Attributes };
}

const { counter, gauge, histogram } = declare<Events>();
const A = "a".repeat(1_000);
const LONG = A + "b".repeat(31);
const CUT = `${A}… (31 more)`;

async function pointsOf(
  all: readonly Attributes[],
  metrics = {
    "seen": counter("seen", { attributes: ({ metadata }) => metadata.attributes }),
  },
) {
  const bus = new EventBus<Events>({ clock: new ManualClock(0).now }).start();
  const logger = new MemoryLogger();
  const subscriber = new MetricsSubscriber<Events>({ metrics, logger });
  bus.registerSubscriber(subscriber);
  for (const attributes of all) bus.publish("seen", { attributes });
  await bus.flush();
  const points = subscriber.collect().flatMap(({ points }) => [...points] as unknown[]);
  const { cutAttributesByMetric } = subscriber.stats();
  await bus.stop();
  return { points: points as { attributes: Attributes }[], cutAttributesByMetric, logger };
}

Deno.test("what is longer than 1,030 characters is cut at 1,000, says how much was cut, and is counted", async () => {
  const whole = "a".repeat(1_030);
  const { points, cutAttributesByMetric, logger } = await pointsOf([
    { tenant: LONG },
    { tenant: whole },
    { tenant: `${A}${"c".repeat(31)}` },
    { tenant: CUT },
    { [LONG]: "b" },
  ]);
  assertEquals(points as unknown, [
    { attributes: { tenant: CUT }, value: 3 },
    { attributes: { tenant: whole }, value: 1 },
    { attributes: { [CUT]: "b" }, value: 1 },
  ]);
  assertEquals(cutAttributesByMetric, { "seen": 3 });
  assertEquals(logger.lines, [
    "busbar: the metric seen was given an attribute of more than 1000 characters or items; the rest " +
    "of such is cut, and counted",
  ]);
});

Deno.test("a text that comes again finds its series, whatever its neighbours and its place", async () => {
  const { points } = await pointsOf([
    { model: "m", tenant: LONG },
    { tenant: LONG, model: "m" },
    { model: "m", tenant: LONG },
    { model: "n", tenant: LONG },
  ]);
  assertEquals(points as unknown, [
    { attributes: { model: "m", tenant: CUT }, value: 3 },
    { attributes: { model: "n", tenant: CUT }, value: 1 },
  ]);
});

Deno.test("where there is no more room, what is held under its cut text still counts there", async () => {
  const few = counter("seen", {
    attributes: ({ metadata }) => metadata.attributes,
    maxAttributeSets: 2,
  });
  const { points } = await pointsOf([
    { tenant: LONG },
    { tenant: "other" },
    { tenant: LONG },
    { tenant: `${LONG}b` },
  ], { "seen": few });
  assertEquals(points as unknown, [
    { attributes: { tenant: CUT }, value: 2 },
    { attributes: { "otel.metric.overflow": true }, value: 2 },
  ]);
});

Deno.test("a list has 1,000 items, whose texts are cut as others are", async () => {
  const numbers = Array.from({ length: 1_001 }, (_, i) => i);
  const { points, cutAttributesByMetric } = await pointsOf([
    { list: ["x", LONG] },
    { list: ["x", LONG] },
    { list: numbers },
    { list: numbers.slice(0, 1_000) },
  ]);
  assertEquals(points as unknown, [
    { attributes: { list: ["x", CUT] }, value: 2 },
    { attributes: { list: numbers.slice(0, 1_000) }, value: 2 },
  ]);
  assertEquals(cutAttributesByMetric, { "seen": 3 });
});

Deno.test("histograms and gauges that are read cut as counters do", async () => {
  const { points, cutAttributesByMetric, logger } = await pointsOf([{ tenant: LONG }], {
    "sizes": histogram("seen", {
      value: () => 1,
      attributes: ({ metadata }) => metadata.attributes,
      buckets: [1],
    }),
    "full": gauge({ read: () => [{ value: 7, attributes: { tenant: LONG } }] }),
  } as never);
  assertEquals(points.map(({ attributes }) => attributes), [{ tenant: CUT }, { tenant: CUT }]);
  assertEquals(cutAttributesByMetric, { sizes: 1, full: 1 });
  assertEquals(logger.lines.length, 2);
});
