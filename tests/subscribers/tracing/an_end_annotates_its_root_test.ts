import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { named, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const rates = ({ metadata }: { metadata: TestEvents[string] }) => ({
  hit_rate: metadata?.["rate"] as number | undefined,
  "lookup.route": undefined,
});
const SPANS = {
  request: span("request.start", "request.end", { root: true }),
  lookup: span("lookup.start", "lookup.end", { rootAttributes: rates }),
  inner: span("inner.start", "inner.end", {
    parent: "lookup",
    rootAttributes: () => ({ inner: 1 }),
  }),
};

for (const deferAttributes of [false, true]) {
  Deno.test(`the root gets what an end says of it, deferred: ${deferAttributes}`, async () => {
    const { publish, stop } = tracedBus(SPANS, { deferAttributes });
    publish("request.start", 0, { route: "/" });
    publish("lookup.start", 1);
    publish("inner.start", 2);
    publish("inner.end", 3);
    publish("lookup.end", 4, { rate: 0.5 });
    publish("request.end", 5);
    const spans = await stop();
    assertEquals(named(spans, "request").attributes, { route: "/", inner: 1, hit_rate: 0.5 });
    assertEquals(named(spans, "lookup").attributes, { rate: 0.5 });
  });
}

Deno.test("a root that waits for its work is annotated; the later end has the last word", async () => {
  const { publish, stop } = tracedBus(SPANS);
  publish("request.start", 0);
  publish("lookup.start", 1, { operationId: 1 });
  publish("lookup.start", 1, { operationId: 2 });
  publish("request.end", 2);
  publish("lookup.end", 3, { operationId: 1, rate: 0.1 });
  publish("lookup.end", 4, { operationId: 2, rate: 0.2 });
  assertEquals(named(await stop(), "request").attributes["hit_rate"], 0.2);
});

Deno.test("without a root nothing is annotated, and what throws is counted", async () => {
  const throws = span("lookup.start", "lookup.end", {
    rootAttributes: () => {
      throw new Error("no rate");
    },
  });
  const { publish, stop, bus } = tracedBus({ request: SPANS.request, lookup: throws });
  publish("lookup.start", 0);
  publish("lookup.end", 1);
  assertEquals(bus.subscriberExceptionCounts(), {});
  publish("request.start", 2);
  publish("lookup.start", 3);
  publish("lookup.end", 4);
  publish("request.end", 5);
  assertEquals((await stop()).length, 3);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { TracingSubscriber: 1 });
});
