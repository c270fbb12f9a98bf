import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { named, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const SPANS = {
  request: span("request.start", "request.end", { root: true, rootEnd: "own" }),
  lookup: span("lookup.start", "lookup.end", { parent: "request", closedBy: "request.end" }),
  copy: span("copy.start", "copy.end", { parent: "request", announcedBy: "copy.submitted" }),
};

Deno.test("a step that was given up ends with the event that closes it, and so does its root", async () => {
  const { publish, ended, stop, tracing } = tracedBus(SPANS);
  publish("request.start", 0);
  publish("lookup.start", 1, { asked: 3 });
  publish("request.end", 5, { ok: true });
  assertEquals((await ended()).map(summary), [["lookup", 1, 5], ["request", 0, 5]]);
  assertEquals(tracing.stats().open, 0);
  const spans = await stop();
  // Nothing of the event that closes it but its type: it is not its end.
  assertEquals(named(spans, "lookup").attributes, { asked: 3, "busbar.closed_by": "request.end" });
  assertEquals(named(spans, "request").attributes, { ok: true });
  const { started, ended: count, expired, orphanedEnds } = tracing.stats();
  assertEquals([started, count, expired, orphanedEnds], [2, 2, 0, 0]);
});

Deno.test("all that is open in the session is closed, whatever its operation, and nothing elsewhere", async () => {
  const { publish, ended, stop } = tracedBus(SPANS);
  // More than a session of a few has, and two of one operation.
  for (let i = 0; i < 40; i++) {
    publish("lookup.start", i, { operationId: `l${i % 39}` });
    publish("lookup.start", i, { operationId: `l${i}` }, { sessionId: "t" });
  }
  publish("lookup.start", 50, {}, { sessionId: "" });
  publish("request.end", 60, {}, { sessionId: "" });
  assertEquals(await ended(), []);
  publish("request.end", 70);
  assertEquals((await ended()).map(summary).sort(([, one], [, other]) => one - other), [
    ...Array.from({ length: 40 }, (_, i): [string, number, number] => ["lookup", i, 70]),
  ]);
  publish("lookup.end", 80, { operationId: "l7" }, { sessionId: "t" });
  const spans = await stop();
  assertEquals(spans.map(summary)[40], ["lookup", 7, 80]);
  assertEquals(spans.length, 40 + 40 + 1);
});

Deno.test("its end that comes all the same has nothing to end", async () => {
  const { publish, stop, tracing } = tracedBus(SPANS);
  publish("request.start", 0);
  publish("lookup.start", 1);
  publish("request.end", 2);
  publish("lookup.end", 3, { found: 1 });
  assertEquals((await stop()).map(summary), [["lookup", 1, 2], ["request", 0, 2]]);
  assertEquals(tracing.stats().orphanedEnds, 1);
});

Deno.test("a root is closed unless work in it goes on, which then waits for its own end", async () => {
  const blend = {
    ...SPANS,
    blend: span("blend.start", "blend.end", { root: true, closedBy: "request.end" }),
    // Declared after its root, and closed before it.
    leg: span("leg.start", "leg.end", { parent: "blend", closedBy: "request.end" }),
    retrieve: span("retrieve.start", "retrieve.end", {
      parent: "blend",
      announcedBy: "retrieve.submitted",
    }),
  };
  const { publish, ended, stop, tracing } = tracedBus(blend);
  publish("blend.start", 0);
  publish("leg.start", 1);
  publish("request.end", 2);
  assertEquals((await ended()).map(summary), [["leg", 1, 2], ["blend", 0, 2]]);
  publish("blend.start", 10);
  publish("leg.start", 11);
  publish("retrieve.submitted", 12);
  publish("request.end", 13);
  publish("retrieve.start", 14);
  publish("retrieve.end", 15);
  publish("blend.end", 16, { ok: true });
  const spans = await stop();
  assertEquals(spans.slice(2).map(summary), [["leg", 11, 13], ["retrieve", 14, 15], [
    "blend",
    10,
    16,
  ]]);
  assertEquals(spans.at(-1)?.attributes, { ok: true });
  assertEquals(tracing.stats().expired, 0);
});

Deno.test("where attributes are set at the end, so is what closed it", async () => {
  const { publish, stop } = tracedBus(SPANS, { deferAttributes: true });
  publish("lookup.start", 1, { asked: 3 });
  publish("request.end", 2);
  assertEquals((await stop())[0]?.attributes, { asked: 3, "busbar.closed_by": "request.end" });
});

Deno.test("what ends it is no other type that closes it", () => {
  for (const closedBy of ["a", "b"]) {
    assertThrows(
      () => span("a", "b", { closedBy }),
      TypeError,
      "closedBy must be other types than start and end",
    );
  }
});
