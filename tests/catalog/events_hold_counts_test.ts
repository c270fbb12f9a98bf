import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type Catalog, declare } from "@busbar/busbar/catalog";
import { metricsMarkdown } from "@busbar/busbar/generate";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";

interface StoreEvents {
  "store.begin": { device: string };
  "store.end": { device: string; keysByTenant?: Record<string, number> | undefined };
}
const { catalog, counter, gauge, histogram, upDownCounter } = declare<StoreEvents>();

type Series = [attributes: Record<string, unknown>, value: number];

/** The series of a catalog's only metric, after some events. */
async function seriesOf(
  metrics: NonNullable<Catalog<StoreEvents>["metrics"]>,
  publish: (bus: EventBus<StoreEvents>) => void,
): Promise<Series[]> {
  const subscriber = new MetricsSubscriber<StoreEvents>({
    metrics: catalog({ metrics }).metrics ?? {},
    logger: { warn: () => {} },
  });
  const bus = new EventBus<StoreEvents>().start();
  bus.registerSubscriber(subscriber);
  publish(bus);
  await bus.stop();
  return subscriber.collect().flatMap((metric): Series[] =>
    metric.kind === "histogram"
      ? metric.points.map(({ attributes, sum }) => [{ ...attributes }, sum])
      : metric.points.map(({ attributes, value }) => [{ ...attributes }, value])
  );
}

const byTenant = {
  attribute: "tenant",
  of: ({ metadata }: { metadata: StoreEvents["store.end"] }) => metadata.keysByTenant,
};
const ended = (keysByTenant?: Record<string, number>) => (bus: EventBus<StoreEvents>) =>
  bus.publish("store.end", { device: "gpu", keysByTenant });

Deno.test("one event adds a count to the series of each value that it names", async () => {
  const keys = { keys: counter("store.end", { counts: byTenant }) };
  assertEquals(await seriesOf(keys, ended({ a: 2, b: 3, "": 1 })), [
    [{ tenant: "a" }, 2],
    [{ tenant: "b" }, 3],
    [{ tenant: "" }, 1],
  ]);
  assertEquals(await seriesOf(keys, ended()), []);
  assertEquals(await seriesOf(keys, ended({})), []);
});

Deno.test("the others' attributes come first, and a map may count what has no value", async () => {
  const keys = {
    keys: counter("store.end", {
      attributes: ({ metadata: { device } }) => ({ device }),
      counts: { attribute: "tenant", of: () => new Map([["a", 1], [undefined, 2]]) },
    }),
  };
  assertEquals(await seriesOf(keys, ended()), [
    [{ device: "gpu", tenant: "a" }, 1],
    [{ device: "gpu" }, 2],
  ]);
});

Deno.test("a count that is none is ignored, and the others of its event count", async () => {
  const keys = { keys: counter("store.end", { counts: byTenant }) };
  const bad = { a: -1, b: 2, c: NaN, d: "5" as unknown as number };
  assertEquals(await seriesOf(keys, ended(bad)), [[{ tenant: "b" }, 2]]);
});

Deno.test("gauges and histograms hold counts, too", async () => {
  const counts = byTenant;
  const kinds = {
    gauge: gauge("store.end", { counts }),
    histogram: histogram("store.end", { counts }),
  };
  assertEquals(await seriesOf(kinds, ended({ a: 5 })), [[{ tenant: "a" }, 5], [
    { tenant: "a" },
    5,
  ]]);
});

Deno.test("the attribute is in the documents, behind the others", () => {
  const text = metricsMarkdown(catalog({
    metrics: {
      keys: counter("store.end", {
        attributes: ({ metadata: { device } }) => ({ device }),
        counts: byTenant,
      }),
    },
  }));
  assertEquals(text.includes("| labels | `device`, `tenant` |"), true, text);
});

Deno.test("a type of zeroAt makes the series exist, and adds nothing", async () => {
  const attributes = ({ metadata: { device } }: { metadata: { device: string } }) => ({ device });
  for (const declare of [counter, upDownCounter]) {
    const family = {
      begun: declare("store.begin", { attributes, zeroAt: "store.end" }),
      ended: declare("store.end", { attributes, zeroAt: ["store.begin"], value: () => 7 }),
    };
    const begin = (bus: EventBus<StoreEvents>) => bus.publish("store.begin", { device: "gpu" });
    assertEquals(await seriesOf(family, begin), [[{ device: "gpu" }, 1], [{ device: "gpu" }, 0]]);
    assertEquals(
      await seriesOf(family, (bus) => {
        begin(bus);
        ended()(bus);
        begin(bus);
      }),
      [[{ device: "gpu" }, 2], [{ device: "gpu" }, 7]],
    );
  }
});

Deno.test("so do all series that counts or measurements name", async () => {
  const tenants = { attribute: "tenant", of: () => ({ a: 1, b: 2 }) };
  const publish = (bus: EventBus<StoreEvents>) => bus.publish("store.begin", { device: "gpu" });
  assertEquals(
    await seriesOf(
      { keys: counter("store.end", { counts: tenants, zeroAt: "store.begin" }) },
      publish,
    ),
    [[{ tenant: "a" }, 0], [{ tenant: "b" }, 0]],
  );
  const measurements = () => [{ value: 4, attributes: { x: 1 } }, { value: 5 }];
  assertEquals(
    await seriesOf(
      { keys: counter("store.end", { measurements, zeroAt: "store.begin" }) },
      publish,
    ),
    [[{ x: 1 }, 0], [{}, 0]],
  );
});

Deno.test("events of both kinds are typed", () => {
  counter("store.end", {
    zeroAt: "store.begin",
    // @ts-expect-error only an end has it, and this is called with a begin as well
    attributes: (event) => ({ keys: event.metadata.keysByTenant }),
  });
  // @ts-expect-error there is no such event
  counter("store.end", { zeroAt: "store.bigin" });
});
