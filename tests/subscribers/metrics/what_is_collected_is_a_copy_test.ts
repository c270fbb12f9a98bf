import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type CollectedMetric, type Meter, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";
import { steeredTime } from "../../support/steered_time.ts";

const { counter, gauge, histogram, upDownCounter } = declare<Record<string, { size: number }>>();
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
  assertEquals(recorded, { orders: [0, 3], last: [3], sizes: [1, 2, 3] });
  for (const size of [5, 4]) bus.publish("order", { size });
  await bus.flush();
  assertEquals(recorded, { orders: [0, 3, 2], last: [3, 4], sizes: [1, 2, 3, 5, 4] });
  await bus.stop();
});

Deno.test("so it does if a single metric is declared, which may go up and down", async () => {
  const added: number[] = [];
  const meter = {
    createCounter: () => ({}),
    createUpDownCounter: () => ({ add: (value: number) => void added.push(value) }),
  } as unknown as Meter;
  const { bus } = quietBus();
  bus.registerSubscriber(
    new MetricsSubscriber({ metrics: { stock: upDownCounter("order", { value }) }, meter }),
  );
  bus.start();
  for (const sizes of [[7, -2], [-3], [1, 1]]) {
    for (const size of sizes) bus.publish("order", { size });
    await bus.flush();
  }
  // 0 says that it is there.
  assertEquals(added, [0, 5, -3, 2]);
  await bus.stop();
});

Deno.test("many series are the same at once and in slices, which leave the event loop free", async () => {
  const { bus } = quietBus();
  const by = ({ metadata }: { metadata: { size: number } }) => ({ size: metadata.size });
  const subscriber = new MetricsSubscriber({
    metrics: {
      orders: counter("order", { attributes: by }),
      sizes: histogram("order", { value, attributes: by, buckets: [100] }),
    },
  });
  bus.registerSubscriber(subscriber);
  bus.start();
  for (let size = 0; size < 640; size++) bus.publish("order", { size });
  await bus.flush();
  const atOnce = subscriber.collect();
  assertEquals(atOnce.map(({ points }) => points.length), [640, 640]);
  // A slice ends as soon as it looks whether its time is over.
  using time = steeredTime({ msPerLook: 1_000 });
  assertEquals(await subscriber.collectInSlices(), atOnce);
  assert(time.looks >= 20 * 2, `${time.looks} looks`);
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
