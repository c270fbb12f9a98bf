import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";

const { counter, histogram } = declare<Record<string, { size: number }>>();
const declared = {
  orders: counter("order"),
  sizes: histogram("order", { value: ({ metadata }) => metadata.size, buckets: [1] }),
  shops: counter("order", { attributes: () => ({ shop: "a" }) }),
};

Deno.test("a metric without attributes is zero before its first event", async () => {
  const { bus } = quietBus();
  const subscriber = new MetricsSubscriber({ metrics: declared });
  bus.registerSubscriber(subscriber);
  const values = subscriber.collect().map((metric) => [
    metric.name,
    metric.kind === "histogram"
      ? metric.points.map(({ count }) => count)
      : metric.points.map(({ value }) => value),
  ]);
  assertEquals(values, [["orders", [0]], ["sizes", [0]], ["shops", []]]);
  await bus.stop();
});
