import { assertEquals, assertThrows } from "@std/assert";
import { type AnyEvent, declare } from "@busbar/busbar/catalog";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { type CollectedMetric, MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";
import { samples } from "../../support/samples.ts";

const { counter, duration, gauge, histogram, upDownCounter } = declare();
const attributes = ({ metadata: { status, paid } }: AnyEvent) => ({ status, paid });
const attributeValues = { status: ["ok", "declined"], paid: [true, undefined] };

/** The series of metrics: attributes and value or count. */
function seriesOf(metrics: readonly CollectedMetric[]): [string, string, number][] {
  return metrics.flatMap((metric) =>
    metric.points.map((point): [string, string, number] => [
      metric.name,
      JSON.stringify(point.attributes),
      "value" in point ? point.value : point.count,
    ])
  );
}

Deno.test("each combination of declared values is there, with 0, before the first event", async () => {
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber({
    metrics: {
      orders: counter("order", { attributes, attributeValues }),
      open: upDownCounter("order", {
        measurements: () => [],
        attributeValues: { x: [1, 1], y: ["2"] },
      }),
      sizes: histogram("order", { value: () => 2, attributes, attributeValues, buckets: [1] }),
      took: duration("start", "order", { attributes, attributeValues }),
    },
  });
  bus.start().registerSubscriber(subscriber);
  const sets = [
    '{"status":"ok","paid":true}',
    '{"status":"ok"}',
    '{"status":"declined","paid":true}',
    '{"status":"declined"}',
  ];
  assertEquals(seriesOf(subscriber.collect()), [
    ...sets.map((set): [string, string, number] => ["orders", set, 0]),
    ["open", '{"x":1,"y":"2"}', 0],
    ...sets.map((set): [string, string, number] => ["sizes", set, 0]),
    ...sets.map((set): [string, string, number] => ["took", set, 0]),
  ]);
  // A value that was not declared is a series like any other.
  bus.publish("order", { status: "ok", paid: undefined });
  bus.publish("order", { status: "lost", paid: undefined });
  await bus.flush();
  const orders = seriesOf(subscriber.collect()).filter(([name]) => name === "orders");
  assertEquals(orders.map(([, set, value]) => [set, value]), [
    [sets[0], 0],
    [sets[1], 1],
    [sets[2], 0],
    [sets[3], 0],
    ['{"status":"lost"}', 1],
  ]);
  await bus.stop();
});

Deno.test("a meter has them before the first event, too", async () => {
  const { bus } = quietBus();
  await using metrics = new PrometheusMetrics();
  bus.start().registerSubscriber(
    new MetricsSubscriber({
      metrics: {
        all: counter("order"),
        orders: counter("order", { attributes, attributeValues: { status: ["ok"], paid: [true] } }),
        open: upDownCounter("order", { value: () => 1 }),
      },
      meter: metrics.meter,
    }),
  );
  const series = Object.fromEntries(
    Object.entries(samples(await metrics.scrape())).filter(([name]) => !/^target_info/.test(name)),
  );
  assertEquals(series, { all_total: 0, 'orders_total{status="ok",paid="true"}': 0, open: 0 });
  await bus.stop();
});

Deno.test("so they are where a meter has the values", async () => {
  const { bus } = quietBus();
  await using metrics = new PrometheusMetrics();
  bus.start().registerSubscriber(
    new MetricsSubscriber({
      metrics: {
        orders: counter("order", {
          attributes,
          attributeValues: { ...attributeValues, paid: [false] },
        }),
      },
      meter: metrics.meter,
    }),
  );
  bus.publish("order", { status: "ok", paid: false });
  await bus.flush();
  const { target_info: _, ...series } = samples(
    (await metrics.scrape()).replace(/target_info.*/g, "target_info 1"),
  );
  assertEquals(series, {
    'orders_total{status="ok",paid="false"}': 1,
    'orders_total{status="declined",paid="false"}': 0,
  });
  await bus.stop();
});

Deno.test("values that are none, or not of all attributes, or too many, are refused", () => {
  const refused = (options: object, message: string) =>
    assertThrows(
      () => counter("order", options),
      TypeError,
      `Cannot declare a counter: ${message}`,
    );
  refused(
    { attributeValues },
    'attributeValues must be given with attributes or measurements, received ["status","paid"]',
  );
  refused(
    { attributes, attributeValues: [] },
    "attributeValues must be lists of values by name, received []",
  );
  refused(
    { attributes, attributeValues: {} },
    "attributeValues must be those of all attributes, received []",
  );
  refused(
    { attributes, attributeNames: ["status"], attributeValues },
    'attributeValues must be those of all attributes, received ["status","paid"]',
  );
  for (const values of ["ok", [], [{}], [NaN], [null]]) {
    assertThrows(
      () => counter("order", { attributes, attributeValues: { status: values as never } }),
      TypeError,
      "attributeValues.status must be a list of strings, finite numbers, booleans or undefined",
    );
  }
  refused(
    { attributes, attributeValues, maxAttributeSets: 4 },
    "attributeValues must be at most 3 combinations (maxAttributeSets less one), received 4",
  );
  assertEquals(
    counter("order", { attributes, attributeValues, maxAttributeSets: 5 }).kind,
    "counter",
  );
  assertThrows(
    () => gauge("order", { value: () => 1, attributes, attributeValues } as never),
    TypeError,
    "Cannot declare a gauge: attributeValues must be absent, for a gauge shows nothing before its first value",
  );
});

Deno.test("declared values name the attributes", () => {
  const { attributeNames } = counter("order", { attributes, attributeValues });
  assertEquals(attributeNames, ["status", "paid"]);
});

Deno.test("measurements that are declared to have no attributes begin with 0", async () => {
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber({
    metrics: {
      sizes: histogram("order", { measurements: () => [], attributeNames: [] }),
      orders: counter("order", { measurements: () => [], attributeNames: [] }),
      others: counter("order", { measurements: () => [], attributeNames: ["x"] }),
      last: gauge("order", { measurements: () => [], attributeNames: [] }),
    },
  });
  bus.start().registerSubscriber(subscriber);
  assertEquals(seriesOf(subscriber.collect()), [["sizes", "{}", 0], ["orders", "{}", 0]]);
  await bus.stop();
});
