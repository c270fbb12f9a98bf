import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const spans = {
  request: span("request.start", "request.end", { root: true }),
  store: span("store.start", "store.end", { announcedBy: "store.queued" }),
};

Deno.test("as many operations may be announced as spans may be open, beside these", async () => {
  const traced = tracedBus(spans, { maxOpenPairs: 2 });
  const namesOf = async () => (await traced.ended()).map(({ name }) => name);
  traced.publish("request.start", 0);
  for (const operationId of [1, 2, 3]) traced.publish("store.queued", 1, { operationId });
  traced.publish("request.end", 2);
  // The first was one too many: it holds the root open no more, while the others do.
  traced.publish("store.end", 3, { operationId: 3 });
  assertEquals(await namesOf(), []);
  traced.publish("store.end", 4, { operationId: 2 });
  assertEquals(await namesOf(), ["request"]);
  assertEquals(traced.tracing.stats().expired, 0);
  await traced.stop();
});

Deno.test("a root that waits for its work is none of the spans that may be open", async () => {
  const traced = tracedBus(spans, { maxOpenPairs: 1 });
  traced.publish("request.start", 0);
  traced.publish("store.queued", 1, { operationId: 1 });
  traced.publish("request.end", 2);
  traced.publish("request.start", 3, {}, { sessionId: "other" });
  await traced.ended();
  const { open, expired } = traced.tracing.stats();
  assertEquals({ open, expired }, { open: 2, expired: 0 });
  await traced.stop();
});
