import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type CollectedMetric, type Meter, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";

const { counter, gauge, histogram } = declare<Record<string, { size: number }>>();
const value = ({ metadata }: { metadata: { size: number } }) => metadata.size;
const declared = {
  orders: counter("order"),
  last: gauge("order", { value }),
  sizes: histogram("order", { value, buckets: [1] }),
};

Deno.test("what was collected stays as it was, and its series keep their attributes", async () => {
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber({ metrics: declared });
  bus.registerSubscriber(subscriber);
  bus.start();
  const publish = async (size: number) => {
    bus.publish("order", { size });
    await bus.flush();
  };
  await publish(1);
  const first = subscriber.collect();
  const before = JSON.stringify(first);
  await publish(2);
  assertEquals(JSON.stringify(first), before);
  const second = subscriber.collect();
  const attributesOf = (metrics: readonly CollectedMetric[]) =>
    metrics.flatMap(({ points }) => [...points].map(({ attributes }) => attributes));
  const again = attributesOf(second);
  assertEquals(attributesOf(first).map((attributes, i) => attributes === again[i]), [
    true,
    true,
    true,
  ]);
  // Whoever changes a copy changes nothing else.
  for (const attributes of again) Reflect.set(attributes, "by", "another");
  for (const { points } of second) (points as unknown[]).length = 0;
  assertEquals(attributesOf(subscriber.collect()), [{}, {}, {}]);
  const counts = subscriber.collect().map((metric) =>
    metric.kind === "histogram" ? metric.points[0]?.count : metric.points[0]?.value
  );
  assertEquals(counts, [2, 2, 2]);
  await bus.stop();
});

Deno.test("a meter gets sums once a slice, the last value of a gauge, and each of a histogram", async () => {
  const recorded: Record<string, number[]> = {};
  const instrument = (name: string) => {
    const values: number[] = recorded[name] = [];
    const record = (value: number) => void values.push(value);
    return { add: record, record };
  };
  const meter = {
    createCounter: instrument,
    createGauge: instrument,
    createHistogram: instrument,
  } as unknown as Meter;
  const { bus } = quietBus();
  bus.registerSubscriber(new MetricsSubscriber({ metrics: declared, meter }));
  bus.start();
  for (const size of [1, 2, 3]) bus.publish("order", { size });
  await bus.flush();
  assertEquals(recorded, { orders: [3], last: [3], sizes: [1, 2, 3] });
  await bus.stop();
});

Deno.test("what comes while a collection is under way is not in it, its exemplars neither", async () => {
  const { duration } = declare<Record<"job.start" | "job.end", undefined>>();
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber({
    metrics: { jobs: duration("job.start", "job.end", { buckets: [1], unit: "ms" }) },
    contextOf: () => ({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 }),
  });
  bus.registerSubscriber(subscriber as never);
  bus.start();
  const run = async (tookMs: number) => {
    bus.publish("job.start", undefined, { timestamp: 0 });
    bus.publish("job.end", undefined, { timestamp: tookMs });
    await bus.flush();
  };
  const valuesIn = ([metric]: readonly CollectedMetric[]) =>
    metric?.kind === "histogram"
      ? metric.points.map(({ count, exemplars }) => [count, exemplars.map(({ value }) => value)])
      : [];
  await run(1);
  const collecting = subscriber.collectInSlices();
  await run(9);
  assertEquals(valuesIn(await collecting), [[1, [1]]]);
  assertEquals(valuesIn(subscriber.collect()), [[2, [1, 9]]]);
  await bus.stop();
});
