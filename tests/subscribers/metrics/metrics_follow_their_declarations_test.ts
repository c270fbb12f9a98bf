import { assertEquals } from "@std/assert";
import { type Catalog, declare } from "@busbar/busbar/catalog";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { EventBus } from "@busbar/busbar";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";

interface ShopEvents {
  "open": { shop: string };
  "close": { shop: string };
  "order.start": { operationId?: number };
  "order.end": { operationId?: number; bytes: number; status: string };
  "stock": { items: number };
  "basket": { byModel: Record<string, number> };
}

const { catalog, counter, duration, gauge, histogram, throughput, upDownCounter } = declare<
  ShopEvents
>();
const shop = catalog({
  metrics: {
    "orders": counter("order.end", { attributes: ({ metadata: { status } }) => ({ status }) }),
    "events": counter(["order.start", "order.end"]),
    "shops": upDownCounter(["open", "close"], { value: ({ type }) => type === "open" ? 1 : -1 }),
    "stock": gauge("stock", { value: ({ metadata }) => metadata.items }),
    "size": histogram("order.end", {
      value: ({ metadata }) => metadata.bytes,
      unit: "By",
      buckets: [10, 100],
    }),
    "took": duration("order.start", "order.end", { buckets: [0.5, 2] }),
    "speed": throughput("order.start", "order.end", {
      bytes: (end) => end.metadata.bytes,
      unit: "By/s",
      buckets: [50],
    }),
    "items": counter("basket", {
      measurements: ({ metadata }) =>
        Object.entries(metadata.byModel).map(([model, value]) => ({
          value,
          attributes: { model },
        })),
    }),
  },
});

async function run(
  metrics: NonNullable<Catalog<ShopEvents>["metrics"]>,
  options: Partial<ConstructorParameters<typeof MetricsSubscriber<ShopEvents>>[0]> = {},
) {
  const bus = new EventBus<ShopEvents>({ logger: new MemoryLogger() }).start();
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics, ...options });
  bus.registerSubscriber(subscriber);
  bus.publish("open", { shop: "a" });
  bus.publish("open", { shop: "b" });
  bus.publish("close", { shop: "a" });
  bus.publish("order.start", {}, { sessionId: "s1", timestamp: 1_000 });
  bus.publish("order.start", {}, { sessionId: "s2", timestamp: 2_000 });
  bus.publish("order.end", { bytes: 40, status: "ok" }, { sessionId: "s2", timestamp: 3_000 });
  bus.publish("order.end", { bytes: 100, status: "ok" }, { sessionId: "s1", timestamp: 5_000 });
  bus.publish("order.end", { bytes: 1, status: "no" }, { sessionId: "s1", timestamp: 6_000 });
  bus.publish("stock", { items: 9 });
  bus.publish("stock", { items: 7 });
  bus.publish("basket", { byModel: { m: 2, n: 3 } });
  await bus.flush();
  return { bus, subscriber };
}

Deno.test("each kind of metric adds up what its declaration says", async () => {
  const { bus, subscriber } = await run(shop.metrics ?? {});
  const collected = Object.fromEntries(
    subscriber.collect().map(({ name, points }) => [name, points as readonly unknown[]]),
  );
  assertEquals(collected["orders"], [
    { attributes: { status: "ok" }, value: 2 },
    { attributes: { status: "no" }, value: 1 },
  ]);
  assertEquals(collected["events"], [{ attributes: {}, value: 5 }]);
  assertEquals(collected["shops"], [{ attributes: {}, value: 1 }]);
  assertEquals(collected["stock"], [{ attributes: {}, value: 7 }]);
  assertEquals(collected["items"], [
    { attributes: { model: "m" }, value: 2 },
    { attributes: { model: "n" }, value: 3 },
  ]);
  assertEquals(collected["size"], [{
    attributes: {},
    count: 3,
    sum: 141,
    min: 1,
    max: 100,
    bounds: [10, 100],
    bucketCounts: [1, 2, 0],
    exemplars: [],
  }]);
  assertEquals(collected["took"], [{
    attributes: {},
    count: 2,
    sum: 5,
    min: 1,
    max: 4,
    bounds: [0.5, 2],
    bucketCounts: [0, 1, 1],
    exemplars: [],
  }]);
  assertEquals(collected["speed"], [{
    attributes: {},
    count: 2,
    sum: 65,
    min: 25,
    max: 40,
    bounds: [50],
    bucketCounts: [2, 0],
    exemplars: [],
  }]);
  assertEquals(subscriber.stats().orphanedEnds, 2); // one by each of the two pair metrics
  await bus.stop();
});

Deno.test("a meter receives the same", async () => {
  await using measured = new PrometheusMetrics();
  const { bus, subscriber } = await run(shop.metrics ?? {}, { meter: measured.meter });
  const scrape = await measured.scrape();
  for (
    const line of [
      'orders_total{status="ok"} 2',
      'orders_total{status="no"} 1',
      "events_total 5",
      "shops 1",
      "stock 7",
      'items_total{model="n"} 3',
      "size_bytes_sum 141",
      'size_bytes_bucket{le="100"} 3',
      "took_seconds_count 2",
      "took_seconds_sum 5",
    ]
  ) assertEquals(scrape.split("\n").includes(line), true, `${line} is not in\n${scrape}`);
  await bus.stop();
  assertEquals(subscriber.stats().invalidByMetric, {});
});

Deno.test("operations of one session are kept apart by their id, else the oldest start counts", async () => {
  const { metrics = {} } = catalog({
    metrics: { took: duration("order.start", "order.end", { unit: "ms" }) },
  });
  const bus = new EventBus<ShopEvents>({ logger: new MemoryLogger() }).start();
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics });
  bus.registerSubscriber(subscriber);
  const at = (timestamp: number) => ({ sessionId: "s", timestamp });
  bus.publish("order.start", { operationId: 1 }, at(0));
  bus.publish("order.start", { operationId: 2 }, at(10));
  bus.publish("order.end", { operationId: 2, bytes: 0, status: "" }, at(12));
  bus.publish("order.end", { operationId: 1, bytes: 0, status: "" }, at(100));
  bus.publish("order.start", {}, at(200));
  bus.publish("order.start", {}, at(300));
  bus.publish("order.end", { bytes: 0, status: "" }, at(1_000));
  await bus.stop();
  const [took] = subscriber.collect();
  assertEquals(took?.kind === "histogram" && took.points[0]?.min, 2);
  assertEquals(took?.kind === "histogram" && took.points[0]?.sum, 2 + 100 + 800);
});

Deno.test("values that cannot be are ignored and counted", async () => {
  const { metrics = {} } = catalog({
    metrics: {
      "down": counter("stock", { value: ({ metadata }) => -metadata.items }),
      "nan": histogram("stock", { value: () => NaN }),
      "ok": counter("stock"),
    },
  });
  const { bus, subscriber } = await run(metrics);
  assertEquals(subscriber.stats().invalidByMetric, { down: 2, nan: 2 });
  await bus.stop();
});

Deno.test("a declaration's function that throws stops no other metric", async () => {
  const metrics = {
    "bad": counter("stock", {
      value: () => {
        throw new Error("broken");
      },
    }),
    "good": counter("stock"),
  };
  const { bus, subscriber } = await run(metrics);
  assertEquals(
    subscriber.collect().map(({ points }) => (points[0] as { value?: number })?.value ?? 0),
    [0, 2],
  );
  assertEquals(bus.subscriberExceptionCounts(), { MetricsSubscriber: 2 });
  await bus.stop();
});

Deno.test("an exemplar ties the newest value of a bucket to its sampled trace", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const metrics = {
    took: duration("order.start", "order.end"),
    at: histogram("order.end", { value: (event) => event.timestamp }),
    several: histogram("order.end", { measurements: () => [{ value: 3 }, { value: 7 }] }),
    ends: counter("order.end"),
  };
  const { bus, subscriber } = await run(metrics, {
    contextOf: ({ sessionId }) => ({
      traceId,
      spanId: "b7ad6b7169203331",
      traceFlags: sessionId === "s1" ? 1 : 0,
    }),
  });
  const exemplars = subscriber.collect().map((metric) =>
    metric.kind === "histogram" && metric.points[0]?.exemplars.map(({ value }) => value)
  );
  assertEquals(exemplars, [[4], [5_000, 6_000], [3, 7], false]);
  const [took] = subscriber.collect();
  assertEquals(took?.kind === "histogram" && took.points[0]?.exemplars, [
    { value: 4, timestampMs: 5_000, traceId, spanId: "b7ad6b7169203331" },
  ]);
  await bus.stop();
});

Deno.test("neither a catalog nor a disabled bus creates an instrument", async () => {
  await using prometheus = new PrometheusMetrics();
  let created = 0;
  const meter = new Proxy(prometheus.meter, {
    get: (target, name) => (...args: unknown[]) => {
      created++;
      return Reflect.get(target, name).apply(target, args);
    },
  });
  const bus = new EventBus<ShopEvents>({ enabled: false });
  bus.registerSubscriber(
    new MetricsSubscriber<ShopEvents>({ metrics: shop.metrics ?? {}, meter }),
  );
  assertEquals(created, 0);
});

Deno.test("a start that is stamped in the future ends no other's waiting", async () => {
  const subscriber = new MetricsSubscriber<ShopEvents>({
    metrics: { "order.duration": duration("order.start", "order.end") },
    logger: new MemoryLogger(),
  });
  const bus = new EventBus<ShopEvents>({ logger: new MemoryLogger() }).start();
  bus.registerSubscriber(subscriber);
  const now = 1_700_000_000_000;
  bus.publish("order.start", { operationId: 0 }, { timestamp: now * 1_000 });
  bus.publish("order.start", { operationId: 1 }, { timestamp: now });
  await bus.flush();
  bus.publish("order.start", { operationId: 2 }, { timestamp: now });
  await bus.flush();
  for (const operationId of [1, 2]) {
    bus.publish("order.end", { operationId, bytes: 0, status: "" }, { timestamp: now + 5 });
  }
  await bus.stop();
  assertEquals(subscriber.stats(), {
    overflowedByMetric: {},
    cutAttributesByMetric: {},
    invalidByMetric: {},
    expiredSeriesByMetric: {},
    failedReadsByMetric: {},
    openPairs: 1,
    expiredPairs: 0,
    orphanedEnds: 0,
    ambiguousPairs: 0,
  });
});

Deno.test("what is ignored is reported: bad values once, overdue starts backing off", async () => {
  const logger = new MemoryLogger();
  const subscriber = new MetricsSubscriber<ShopEvents>({
    metrics: {
      "stock": gauge("stock", { value: ({ metadata }) => metadata.items }),
      "sold": counter("stock", { value: ({ metadata }) => metadata.items }),
      "order.duration": duration("order.start", "order.end"),
    },
    logger,
  });
  const clock = new ManualClock();
  const bus = new EventBus<ShopEvents>({
    clock: clock.now,
    logger: new MemoryLogger(),
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  bus.registerSubscriber(subscriber);
  for (const items of [-1, NaN, NaN]) bus.publish("stock", { items });
  // Ten minutes and 100 ms later each has expired, one by one.
  for (let operationId = 0; operationId < 5; operationId++, clock.advance(100)) {
    bus.publish("order.start", { operationId });
    await bus.flush();
  }
  clock.timeMs = 600_000;
  for (let i = 0; i < 5; i++, clock.advance(100)) await bus.flush();
  assertEquals(subscriber.stats().expiredPairs, 4);
  clock.timeMs = 602_000;
  await bus.stop();
  assertEquals(logger.lines, [
    "busbar: the metric stock was given a value that is not a finite number; such values are " +
    "ignored and counted",
    "busbar: the metric sold was given a value that is not a finite number of at least 0; such " +
    "values are ignored and counted",
    "busbar: MetricsSubscriber expired starts whose end did not arrive: 1 so far",
    "busbar: MetricsSubscriber expired starts whose end did not arrive: 5 so far",
  ]);
});

Deno.test("functions of a declaration are given the bus's clock, whatever the events' stamps", async () => {
  const bus = new EventBus({ clock: new ManualClock(7_000).now }).start();
  const { counter, upDownCounter } = declare();
  const subscriber = new MetricsSubscriber({
    metrics: {
      value: counter("a", { value: (_event, now) => now() }),
      measured: upDownCounter("a", { measurements: (_event, now) => [{ value: now() }] }),
      zeroed: counter("a", {
        measurements: (_event, now) => [{ value: now() }],
        zeroAt: "b",
      }),
    },
  });
  bus.registerSubscriber(subscriber);
  bus.publish("a", undefined, { timestamp: 1 });
  await bus.stop();
  assertEquals(
    subscriber.collect().map(({ points }) =>
      points.map((point) => "value" in point && point.value)
    ),
    [[7_000], [7_000], [7_000]],
  );
});
