import { assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { type AttributeValue, declare } from "@busbar/busbar/catalog";
import { type CollectedMetric, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";

interface Events {
  "seen": { attributes: Record<string, AttributeValue>; value: number };
}

const { counter, upDownCounter, gauge, histogram } = declare<Events>();
const BUCKETS = [-3, 0, 2.5];

function declared(maxAttributeSets: number) {
  const options = {
    value: ({ metadata }: { metadata: { value: number } }) => {
      if (metadata.value === 4) throw new Error("no value");
      return metadata.value;
    },
    attributes: ({ metadata }: { metadata: Events["seen"] }) => metadata.attributes,
    maxAttributeSets,
  };
  return {
    counter: counter("seen", options),
    upDownCounter: upDownCounter("seen", options),
    gauge: gauge("seen", options),
    histogram: histogram("seen", { ...options, buckets: BUCKETS }),
  };
}

/** What a series must hold. */
interface Expected {
  counter: number;
  upDownCounter: number;
  gauge: number;
  values: number[];
}

/** The model: a plain map, whatever the order of names. */
class Model {
  readonly series = new Map<string, Expected>();
  constructor(readonly limit: number) {}

  add(attributes: Record<string, AttributeValue>, value: number): void {
    if (value === 4 || !Number.isFinite(value)) return;
    let key = keyOf(attributes);
    if (!this.series.has(key) && this.series.size >= this.limit - 1) key = "overflow";
    const series = this.series.get(key) ??
      { counter: 0, upDownCounter: 0, gauge: 0, values: [] };
    this.series.set(key, series);
    series.upDownCounter += value;
    series.gauge = value;
    series.values.push(value);
  }
}

function keyOf(attributes: Record<string, unknown>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? "list" : typeof value}:${value}`)
    .toSorted().join(" & ");
}

/** What was collected, in the model's terms. */
function numbersOf(metrics: readonly CollectedMetric[], kind: string): [string, unknown][] {
  const metric = metrics.find((metric) => metric.kind === kind);
  return (metric?.points ?? []).map((point) => {
    const overflow = point.attributes["otel.metric.overflow"] === true;
    const key = overflow ? "overflow" : keyOf(point.attributes);
    if ("value" in point) return [key, point.value];
    const { count, sum, min, max, bucketCounts } = point;
    return [key, { count, sum, min, max, bucketCounts }];
  });
}

function distributionOf(values: readonly number[]) {
  const bucketCounts = [0, 0, 0, 0];
  for (const value of values) {
    const bucket = BUCKETS.findIndex((bound) => value <= bound);
    bucketCounts[bucket < 0 ? BUCKETS.length : bucket]!++;
  }
  return {
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    min: Math.min(...values),
    max: Math.max(...values),
    bucketCounts,
  };
}

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<AttributeValue[]>("x", "1", 1, NaN) },
  { weight: 1, arbitrary: fc.constantFrom<AttributeValue[]>(true, ["x"], [1]) },
);
const attributes = fc.oneof(
  fc.tuple(value).map(([a]) => ({ a })),
  fc.tuple(value, value).map(([a, b]) => ({ a, b })),
  fc.tuple(value, value).map(([a, b]) => ({ b, a })),
  fc.tuple(value, value).map(([a, c]) => ({ c, a })),
  fc.tuple(value).map(([value]) => ({ ["__proto__"]: value })),
  fc.constant({}),
) as fc.Arbitrary<Record<string, AttributeValue>>;

const values = fc.constantFrom(-5, -1.5, 0, 1, 2.5, 4, 7, NaN, Infinity);

Deno.test("whatever comes, every kind of metric has exact totals, series by series", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.record({ attributes, value: values }), { maxLength: 120 }),
    fc.integer({ min: 2, max: 100 }),
    fc.integer({ min: 1, max: 40 }),
    async (events, limit, perSlice) => {
      const { bus } = quietBus();
      const subscriber = new MetricsSubscriber<Events>({
        metrics: declared(limit),
        logger: { warn() {} },
      });
      bus.registerSubscriber(subscriber as never);
      bus.start();
      const all = new Model(limit);
      // A counter takes no negative value: its own limit is reached later.
      const counted = new Model(limit);
      for (const [index, { attributes, value }] of events.entries()) {
        bus.publish("seen", { attributes, value });
        all.add(attributes, value);
        if (value >= 0) counted.add(attributes, value);
        if (index % perSlice === 0) await bus.flush();
      }
      await bus.flush();
      const collected = subscriber.collect();
      // What is still to come changes nothing that was collected, nor a collection under way.
      const inSlices = subscriber.collectInSlices();
      for (const { attributes } of events) bus.publish("seen", { attributes, value: 1 });
      await bus.flush();
      assertEquals(await inSlices, collected);

      const of = (model: Model, pick: (series: Expected) => unknown) =>
        [...model.series].map(([key, series]) => [key, pick(series)]);
      assertEquals(numbersOf(collected, "counter"), of(counted, (one) => one.upDownCounter));
      assertEquals(numbersOf(collected, "upDownCounter"), of(all, (one) => one.upDownCounter));
      assertEquals(numbersOf(collected, "gauge"), of(all, (one) => one.gauge));
      assertEquals(
        numbersOf(collected, "histogram"),
        of(all, (one) => distributionOf(one.values)),
      );
      await bus.stop();
    },
  ));
});

Deno.test("ten thousand series of each kind keep their own numbers, also in another order of names", async () => {
  const { bus } = quietBus({ maxQueueSize: 50_000 });
  const subscriber = new MetricsSubscriber<Events>({ metrics: declared(20_000) });
  bus.registerSubscriber(subscriber as never);
  bus.start();
  for (let i = 0; i < 10_000; i++) {
    const a = `a${i % 100}`;
    const b = `b${i}`;
    bus.publish("seen", { attributes: { a, b }, value: i % 3 });
    bus.publish("seen", { attributes: { b, a }, value: i });
    if (i % 1_000 === 0) await bus.flush();
  }
  await bus.flush();
  for (const metric of await subscriber.collectInSlices()) {
    const { kind } = metric;
    assertEquals(metric.points.length, 10_000);
    for (const [i, [key, numbers]] of numbersOf([metric], kind).entries()) {
      // 4 is the value that throws.
      const values = i === 4 ? [1] : [i % 3, i];
      assertEquals(key, keyOf({ a: `a${i % 100}`, b: `b${i}` }));
      assertEquals(
        numbers,
        kind === "histogram"
          ? distributionOf(values)
          : kind === "gauge"
          ? values.at(-1)
          : values.reduce((a, b) => a + b, 0),
      );
    }
  }
  await bus.stop();
});

Deno.test("a list that its owner changes later is still the value that it was", async () => {
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber<Events>({ metrics: declared(10) });
  bus.registerSubscriber(subscriber as never);
  bus.start();
  const list = ["x"];
  bus.publish("seen", { attributes: { a: list }, value: 1 });
  await bus.flush();
  list.push("y");
  bus.publish("seen", { attributes: { a: ["x"] }, value: 1 });
  await bus.flush();
  assertEquals(numbersOf(subscriber.collect(), "counter"), [["a=list:x", 2]]);
  await bus.stop();
});
