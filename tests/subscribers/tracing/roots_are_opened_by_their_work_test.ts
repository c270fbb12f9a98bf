import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { named, parentOf, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const SPANS = {
  request: span("request.start", "request.end", {
    root: true,
    rootEnd: "own",
    openedBy: ["copy.submitted", "copy.start"],
  }),
  copy: span("copy.start", "copy.end", { parent: "request", announcedBy: "copy.submitted" }),
};

Deno.test("work that comes first opens its root, of which only time and traceparent are read", async () => {
  const { publish, stop } = tracedBus(SPANS);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  publish("copy.submitted", 1, { device: "cuda:0" }, { traceparent });
  publish("copy.start", 2, { device: "cuda:0" });
  publish("copy.end", 3);
  publish("request.end", 5, { ok: true });
  const spans = await stop();
  assertEquals(spans.map(summary), [["copy", 2, 3], ["request", 1, 5]]);
  assertEquals(parentOf(spans, "copy"), "request");
  const request = named(spans, "request");
  assertEquals(request.attributes, { ok: true });
  assertEquals(request.parentSpanContext?.spanId, "b7ad6b7169203331");
});

Deno.test("the start that comes after its work adds its attributes to the one root", async () => {
  const { publish, stop, tracing } = tracedBus(SPANS);
  publish("copy.start", 1);
  publish("request.start", 2, { route: "/" });
  publish("copy.end", 3);
  publish("request.end", 4);
  const spans = await stop();
  assertEquals(spans.map(summary), [["copy", 1, 3], ["request", 1, 4]]);
  assertEquals(named(spans, "request").attributes, { route: "/" });
  assertEquals(tracing.stats().ambiguousPairs, 0);
});

Deno.test("a session has one such root at a time; a second start begins none and is told once", async () => {
  const { publish, stop, tracing, lines } = tracedBus(SPANS);
  publish("request.start", 1, { operationId: "a" });
  publish("request.start", 2, { operationId: "b", again: true });
  publish("request.start", 3);
  publish("request.end", 4, { operationId: "b" });
  publish("request.start", 5);
  publish("request.end", 6);
  const spans = await stop();
  assertEquals(spans.map(summary), [["request", 1, 4], ["request", 5, 6]]);
  assertEquals(spans[0]?.attributes["again"], undefined);
  assertEquals(tracing.stats().ambiguousPairs, 2);
  assertEquals(lines.length, 1);
});

Deno.test("a root that only waits for its work is not that of a new request", async () => {
  const { publish, stop } = tracedBus(SPANS);
  publish("request.start", 1);
  publish("copy.submitted", 2);
  publish("request.end", 3);
  publish("request.start", 4);
  publish("request.end", 5);
  publish("copy.start", 6);
  publish("copy.end", 7);
  assertEquals((await stop()).map(summary), [
    ["request", 4, 5],
    ["copy", 6, 7],
    ["request", 1, 3],
  ]);
});

Deno.test("a root of its own end lasts no longer for what goes on afterwards, but is known until then", async () => {
  const { publish, ended, stop } = tracedBus(SPANS);
  publish("request.start", 0);
  publish("copy.submitted", 1);
  publish("copy.submitted", 1);
  publish("request.end", 2);
  publish("copy.start", 3, { operationId: "x" });
  publish("copy.start", 4, { operationId: "y" });
  publish("copy.end", 8, { operationId: "x" });
  assertEquals((await ended()).map(summary), [["copy", 3, 8]]);
  publish("copy.end", 9, { operationId: "y" });
  // Before the stop, which would end what waits.
  const spans = await ended();
  assertEquals(spans.map(summary), [["copy", 3, 8], ["copy", 4, 9], ["request", 0, 2]]);
  for (const copy of spans.slice(0, 2)) {
    assertEquals(copy.parentSpanContext?.spanId, spans[2]?.spanContext().spanId);
  }
  await stop();
});

Deno.test("an end alone releases what an announcement without an id holds", async () => {
  const { publish, ended, stop, tracing } = tracedBus(SPANS);
  publish("request.start", 0);
  publish("copy.submitted", 1);
  publish("request.end", 2);
  publish("copy.end", 3, { operationId: "never began" });
  assertEquals((await ended()).map(summary), [["request", 0, 2]]);
  await stop();
  assertEquals(tracing.stats().expired, 0);
});
