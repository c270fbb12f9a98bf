import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventBus } from "@busbar/busbar";
import { counter, defineCatalog, histogram } from "@busbar/busbar/catalog";
import {
  createMetricProducer,
  DeltaMetricExporter,
  type PushMetricExporter,
  type ResourceMetrics,
  type TemporalityPreference,
} from "@busbar/busbar/otel";
import { type Attributes, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { buckets, histogram as histogramData, point, sum } from "../../support/metric_data.ts";
import { resourceFromAttributes } from "@opentelemetry/resources";

type How = "taken" | "refused" | "thrown";

/** A receiver that takes what it is told to take. */
class Receiver implements PushMetricExporter {
  how: How = "taken";
  readonly taken: MetricData[] = [];
  readonly refused: MetricData[] = [];

  export(...[metrics, callback]: Parameters<PushMetricExporter["export"]>): void {
    if (this.how === "thrown") throw new Error("thrown");
    const all = metrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    if (this.how === "taken") this.taken.push(...all);
    else this.refused.push(...all);
    callback(this.how === "taken" ? { code: 0 } : { code: 1, error: new Error("refused") });
  }
  forceFlush = () => Promise.resolve();
  shutdown = () => Promise.resolve();

  /** All points that were taken of a metric, by attributes. */
  series(name: string): Map<string, DataPoint<number | Histogram>[]> {
    const series = new Map<string, DataPoint<number | Histogram>[]>();
    for (const { descriptor, dataPoints } of this.taken) {
      if (descriptor.name !== name) continue;
      for (const point of dataPoints as DataPoint<number | Histogram>[]) {
        const key = JSON.stringify(point.attributes);
        series.set(key, [...series.get(key) ?? [], point]);
      }
    }
    return series;
  }
}

interface ShopEvents {
  order: { shop: string; total: number };
}
const { metrics = {} } = defineCatalog<ShopEvents>()({
  metrics: {
    "orders": counter("order", {
      unit: "orders",
      attributes: ({ metadata: { shop } }) => ({ shop }),
      maxAttributeSets: 3, // the overflow series is one of them
    }),
    "totals": histogram("order", { value: ({ metadata }) => metadata.total, buckets: [10, 100] }),
  },
});

/** The SDK's instruments and the pre-aggregated ones, pushed by hand. */
function pushing(temporalityPreference: TemporalityPreference) {
  const receiver = new Receiver();
  const logger = new MemoryLogger();
  const exporter = new DeltaMetricExporter(receiver, { temporalityPreference, logger });
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics, logger });
  const bus = new EventBus<ShopEvents>({ logger }).start();
  bus.registerSubscriber(subscriber);
  const provider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        metricProducers: [createMetricProducer({ collect: () => subscriber.collect() })],
      }),
    ],
  });
  const meter = provider.getMeter("test");
  return {
    receiver,
    logger,
    bus,
    meter,
    provider,
    async push(how: How): Promise<void> {
      await bus.flush();
      receiver.how = how;
      await provider.forceFlush();
    },
    async [Symbol.asyncDispose]() {
      await provider.shutdown();
      await bus.stop();
    },
  };
}

const total = (points: readonly DataPoint<number | Histogram>[] = []) =>
  points.reduce((sum, { value }) => sum + (value as number), 0);
const nanos = ([seconds, nanoseconds]: readonly [number, number]) =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);

const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), series: fc.nat(4), by: fc.nat(1_000) }),
  fc.record({ do: fc.constant("publish" as const), series: fc.nat(4), by: fc.nat(200) }),
  fc.record({
    do: fc.constant("push" as const),
    how: fc.constantFrom<How>("taken", "refused", "thrown"),
  }),
);

Deno.test("deltas that were taken add up to the total, whatever failed in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using pushed = pushing("delta");
      const { receiver, meter, bus } = pushed;
      const added = meter.createCounter("added");
      const recorded = meter.createHistogram("recorded");
      const level = meter.createUpDownCounter("level");
      let observed = 0;
      meter.createObservableCounter("observed").addCallback((result) => result.observe(observed));
      const expected = new Map<string, number>();
      const expect = (key: string, by: number) => expected.set(key, (expected.get(key) ?? 0) + by);
      let published = 0;
      let publishedSum = 0;
      for (const step of steps) {
        if (step.do === "push") await pushed.push(step.how);
        else if (step.do === "add") {
          added.add(step.by, { series: step.series });
          recorded.record(step.by);
          level.add(-step.by);
          observed += step.by;
          expect(`{"series":${step.series}}`, step.by);
        } else {
          bus.publish("order", { shop: `${step.series}`, total: step.by });
          published++;
          publishedSum += step.by;
        }
      }
      await pushed.push("taken");

      for (const [key, value] of expected) {
        assertEquals(total(receiver.series("added").get(key)), value, key);
      }
      assertEquals(total(receiver.series("observed").get("{}")), observed);
      assertEquals(total([...receiver.series("orders").values()].flat()), published);
      const histograms = [
        ["totals", published, publishedSum],
        ["recorded", steps.filter(({ do: what }) => what === "add").length, observed],
      ] as const;
      for (const [name, count, sum] of histograms) {
        const values = (receiver.series(name).get("{}") ?? [])
          .map(({ value }) => value as Histogram);
        const add = (of: (value: Histogram) => number) => values.reduce((n, v) => n + of(v), 0);
        assertEquals([add((v) => v.count), add((v) => v.sum ?? NaN)], [count, sum]);
        assertEquals(add((v) => v.buckets.counts.reduce((a, b) => a + b, 0)), count);
        assert(values.every((value) => !("min" in value) && !("max" in value)));
      }
      // An up-down counter is told as it is.
      assertEquals(
        observed + ((receiver.series("level").get("{}")?.at(-1)?.value ?? 0) as number),
        0,
      );
      for (const name of ["added", "observed", "orders", "totals", "recorded"]) {
        for (const points of receiver.series(name).values()) {
          points.forEach(({ startTime, endTime }, index) => {
            assert(nanos(startTime) <= nanos(endTime), "it ends before it starts");
            const before = points[index - 1];
            assert(!before || nanos(startTime) >= nanos(before.endTime), "two deltas overlap");
          });
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("each preference makes deltas of what OpenTelemetry says it does", async () => {
  const { DELTA, CUMULATIVE } = AggregationTemporality;
  const cases: [TemporalityPreference, sync: number, observable: number][] = [
    ["delta", DELTA, DELTA],
    ["lowmemory", DELTA, CUMULATIVE],
    ["cumulative", CUMULATIVE, CUMULATIVE],
  ];
  for (const [preference, sync, observable] of cases) {
    await using pushed = pushing(preference);
    const { meter, bus, receiver } = pushed;
    meter.createCounter("added").add(1);
    meter.createUpDownCounter("level").add(1);
    meter.createHistogram("recorded").record(1);
    meter.createObservableCounter("observed").addCallback((result) => result.observe(1));
    meter.createObservableUpDownCounter("depth").addCallback((result) => result.observe(1));
    bus.publish("order", { shop: "a", total: 1 });
    await pushed.push("taken");
    const found = receiver.taken.map((
      { descriptor, aggregationTemporality },
    ) => [descriptor.name, aggregationTemporality]);
    assertEquals(Object.fromEntries(found), {
      added: sync,
      level: CUMULATIVE,
      recorded: sync,
      observed: observable,
      depth: CUMULATIVE,
      orders: sync,
      totals: sync,
    });
  }
  assertThrows(
    () => new DeltaMetricExporter(new Receiver(), { temporalityPreference: "low" as "delta" }),
    TypeError,
    'temporalityPreference must be one of "cumulative", "delta", "lowmemory", received "low"',
  );
});

/** Pushes metrics that are made by hand, to have their times in it. */
async function convert(pushes: (MetricData | "refused")[][]) {
  const receiver = new Receiver();
  const exporter = new DeltaMetricExporter(receiver, { logger: new MemoryLogger() });
  const resource = resourceFromAttributes({});
  for (const metrics of pushes) {
    receiver.how = metrics.includes("refused") ? "refused" : "taken";
    await push(exporter, {
      resource,
      scopeMetrics: [{
        scope: { name: "test" },
        metrics: metrics.filter((metric) => metric !== "refused"),
      }],
    });
  }
  return receiver.taken.flatMap(({ dataPoints }) =>
    (dataPoints as DataPoint<number | Histogram>[]).map((
      { attributes, startTime, endTime, value },
    ) => [
      ...Object.values(attributes),
      startTime[0],
      endTime[0],
      typeof value === "number" ? value : [...value.buckets.counts],
    ])
  );
}

function push(exporter: PushMetricExporter, metrics: ResourceMetrics) {
  return new Promise<{ code: number }>((resolve) => exporter.export(metrics, resolve));
}

const orders = (...points: [shop: string, start: number, end: number, value: number][]) =>
  sum(
    { name: "orders" },
    points.map(([shop, start, end, value]) => ({
      ...point(value, { shop }),
      startTime: [start, 0],
      endTime: [end, 0],
    })),
  );

Deno.test("a delta begins where the last one that was taken ended", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 100, 120, 7])],
      ["refused", orders(["a", 100, 130, 9])],
      // A series that appears later has not begun before the last push that was taken.
      [orders(["a", 100, 140, 10], ["b", 100, 140, 3])],
      // What is unchanged is not told again, and what comes next begins after that.
      [orders(["a", 100, 150, 10], ["b", 100, 150, 4])],
      [orders(["a", 100, 160, 12])],
    ]),
    [
      ["a", 100, 110, 5],
      ["a", 110, 120, 2],
      ["a", 120, 140, 3],
      ["b", 120, 140, 3],
      ["b", 140, 150, 1],
      ["a", 150, 160, 2],
    ],
  );
});

Deno.test("a source that starts over is told whole, from its new start where that is known", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 115, 120, 8])], // a new start, though it is above what was there
      [orders(["a", 115, 130, 2])], // it went down: somewhere in between
      [orders(["a", 140, 140, 1])], // as the SDK's observable counters do
      [orders(["a", 141, 150, 3])],
      [orders(["a", 141, 145, 4])], // the clock was set back
    ]),
    [
      ["a", 100, 110, 5],
      ["a", 115, 120, 8],
      ["a", 120, 130, 2],
      ["a", 130, 140, 1],
      ["a", 141, 150, 3],
      ["a", 145, 145, 1],
    ],
  );
});

Deno.test("a start that wavers is no new one", async () => {
  assertEquals(
    await convert([[orders(["a", 100, 110, 5])], [orders(["a", 101, 120, 7])]]),
    [["a", 100, 110, 5], ["a", 110, 120, 2]],
  );
});

Deno.test("a histogram whose buckets change, or lose values, starts over", async () => {
  const totals = (end: number, bounds: number[], counts: number[]) =>
    histogramData({ name: "totals" }, [{
      ...point({ ...buckets(bounds, counts, 1), min: 1, max: 2 }),
      endTime: [end, 0],
    }]);
  assertEquals(
    await convert([
      [totals(1, [1, 2], [1, 2, 3])],
      [totals(2, [1, 2], [2, 2, 4])],
      [totals(3, [1, 5], [2, 3, 4])],
      [totals(4, [1, 5], [9, 2, 4])],
    ]),
    [[0, 1, [1, 2, 3]], [1, 2, [1, 0, 1]], [2, 3, [2, 3, 4]], [3, 4, [9, 2, 4]]],
  );
});

Deno.test("two metrics of one name, as of the SDK and a producer, are told apart", async () => {
  const other = (end: number, value: number) => orders(["a", 100, end, value]);
  assertEquals(
    await convert([[other(110, 5), other(110, 50)], [other(120, 6), other(120, 70)]]),
    [["a", 100, 110, 5], ["a", 100, 110, 50], ["a", 110, 120, 1], ["a", 110, 120, 20]],
  );
});

Deno.test("an instrument of the SDK that comes after a producer's of its name mixes nothing up", async () => {
  await using pushed = pushing("delta");
  const { receiver, bus } = pushed;
  // The scope that a producer has, too.
  const meter = pushed.provider.getMeter("busbar");
  for (let i = 0; i < 5; i++) bus.publish("order", { shop: "a", total: 1 });
  await pushed.push("taken");
  meter.createCounter("orders", { unit: "orders" }).add(1, { shop: "a" });
  await pushed.push("taken");
  assertEquals(total([...receiver.series("orders").values()].flat()), 6);
});

Deno.test("a push waits for the one under way, and a newer one takes its place", async () => {
  const underWay: { metrics: ResourceMetrics; done: (result: { code: number }) => void }[] = [];
  const slow: PushMetricExporter = {
    export: (metrics, done) => void underWay.push({ metrics, done }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const exporter = new DeltaMetricExporter(slow, { logger: new MemoryLogger() });
  const resource = resourceFromAttributes({});
  const at = (end: number, value: number) =>
    push(exporter, {
      resource,
      scopeMetrics: [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, value])] }],
    });
  const results = [at(110, 1), at(120, 2), at(130, 3)];
  assertEquals((await results[1])?.code, 1);
  assertEquals(underWay.length, 1);
  let isFlushed = false;
  const flushed = exporter.forceFlush().then(() => isFlushed = true);
  underWay[0]?.done({ code: 0 });
  await results[0];
  assertEquals(isFlushed, false);
  underWay[1]?.done({ code: 0 });
  await flushed;
  assertEquals((await results[2])?.code, 0);
  const values = underWay.map(({ metrics }) => metrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0])
    .map((point) => [point?.startTime[0], point?.endTime[0], point?.value]);
  assertEquals(values, [[100, 110, 1], [110, 130, 2]]);
});

Deno.test("what is refused in part is lost and told, and so is what is left at the end", async () => {
  const logger = new MemoryLogger();
  let error: Error = Object.assign(new Error("in part"), { rejectedCount: 1 });
  const values: unknown[] = [];
  const exporter = new DeltaMetricExporter({
    export: ({ scopeMetrics }, done) => {
      values.push(scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value);
      done({ code: 1, error });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }, { logger });
  const resource = resourceFromAttributes({});
  const at = (end: number, value: number) =>
    push(exporter, {
      resource,
      scopeMetrics: [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, value])] }],
    });
  await at(110, 5);
  error = new Error("away");
  await at(120, 7);
  await at(130, 8);
  assertEquals(values, [5, 2, 3]);
  await exporter.shutdown();
  assertEquals(logger.lines, [
    "Export: lost 1 data points that were refused for good",
    "Export: lost the deltas of 1 data points",
  ]);
});

Deno.test("a shutdown waits for the answer of what is under way, to tell of its loss", async () => {
  const logger = new MemoryLogger();
  const answer = Promise.withResolvers<{ code: number }>();
  const exporter = new DeltaMetricExporter({
    export: (_metrics, done) => void answer.promise.then(done),
    forceFlush: () => Promise.resolve(),
    // As an exporter does that waits for its next attempt.
    shutdown: () => Promise.resolve(answer.resolve({ code: 1 })),
  }, { logger });
  const resource = resourceFromAttributes({});
  const scopeMetrics = [{ scope: { name: "test" }, metrics: [orders(["a", 100, 110, 1])] }];
  const pushed = push(exporter, { resource, scopeMetrics });
  await exporter.shutdown();
  await pushed;
  assertEquals(logger.lines, ["Export: lost the deltas of 1 data points"]);
});

Deno.test("where nothing has changed, nothing is sent", async () => {
  let sent = 0;
  const exporter = new DeltaMetricExporter({
    export: (_metrics, done) => {
      sent++;
      done({ code: 0 });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  });
  const resource = resourceFromAttributes({});
  for (const end of [110, 120]) {
    const scopeMetrics = [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, 1])] }];
    assertEquals((await push(exporter, { resource, scopeMetrics })).code, 0);
  }
  assertEquals(sent, 1);
});

Deno.test("a series is told by its attributes, whatever their order", async () => {
  const ordered = (attributes: Attributes, end: number, value: number) =>
    sum({ name: "orders" }, [{ ...point(value, attributes), endTime: [end, 0] }]);
  assertEquals(
    await convert([
      [ordered({ a: "1", b: "2" }, 1, 5)],
      [ordered({ b: "2", a: "1" }, 2, 7)],
      [ordered({ a: 1, b: "2" }, 3, 1)],
    ]),
    [["1", "2", 0, 1, 5], ["2", "1", 1, 2, 2], [1, "2", 2, 3, 1]],
  );
});

Deno.test("the first observation of a counter that does not know its start is no instant", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 100, 120, 5], ["b", 120, 120, 3])],
      // A push that was split: the first half has been taken, up to this very moment.
      [orders(["a", 100, 130, 6])],
      [orders(["c", 100, 130, 1])],
    ]),
    [["a", 100, 110, 5], ["b", 110, 120, 3], ["a", 120, 130, 1], ["c", 100, 130, 1]],
  );
});

Deno.test("a series that 1,000 pushes in a row did not hold is forgotten", async () => {
  const others = (count: number) =>
    Array.from({ length: count }, (_, index) => [orders(["b", 100, 200 + index, 1 + index])]);
  const ofA = (points: unknown[][]) => points.filter(([shop]) => shop === "a");
  assertEquals(
    ofA(
      await convert([[orders(["a", 100, 110, 5])], ...others(998), [
        orders(["a", 100, 9_000, 6]),
      ]]),
    ),
    [["a", 100, 110, 5], ["a", 110, 9_000, 1]],
  );
  // It has to start over then, or is counted again.
  assertEquals(
    ofA(
      await convert([[orders(["a", 100, 110, 5])], ...others(2_000), [
        orders(["a", 100, 9_000, 6]),
      ]]),
    ),
    [["a", 100, 110, 5], ["a", 2_199, 9_000, 6]],
  );
});
