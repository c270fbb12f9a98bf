import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { parentOf, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const spans = {
  request: span("request.start", "request.end", { root: true }),
  store: span("store.start", "store.end", { announcedBy: "store.queued" }),
  write: span("write.start", "write.end", { parent: "store" }),
};

Deno.test("A root ends when the last work under it has ended, at that time", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.start", 1);
  traced.publish("write.start", 2);
  traced.publish("request.end", 3, { status: 200 });
  assertEquals(await traced.ended(), []);
  traced.publish("store.end", 4);
  traced.publish("write.end", 5);
  const ended = await traced.ended();
  assertEquals(ended.map(summary), [["store", 1, 4], ["write", 2, 5], ["request", 0, 5]]);
  assertEquals(ended[2]?.attributes["status"], 200);
  assertEquals(traced.tracing.stats().open, 0);
  await traced.stop();
});

Deno.test("A root whose work ended before it ends at its own end", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.start", 1);
  traced.publish("store.end", 2);
  traced.publish("request.end", 9);
  assertEquals((await traced.stop()).map(summary), [["store", 1, 2], ["request", 0, 9]]);
});

Deno.test("Work that begins while the root waits hangs under it too", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.start", 1, { operationId: 1 });
  traced.publish("request.end", 2);
  traced.publish("write.start", 3);
  traced.publish("store.end", 4, { operationId: 1 });
  traced.publish("write.end", 6);
  const ended = await traced.stop();
  assertEquals(ended.map(summary), [["store", 1, 4], ["write", 3, 6], ["request", 0, 6]]);
  assertEquals(parentOf(ended, "write"), "store");
});

Deno.test("An announced operation holds the root open, and hangs under it", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.queued", 1);
  traced.publish("request.end", 2);
  assertEquals(await traced.ended(), []);
  traced.publish("store.start", 3);
  traced.publish("store.end", 4);
  const ended = await traced.stop();
  assertEquals(ended.map(summary), [["store", 3, 4], ["request", 0, 4]]);
  assertEquals(parentOf(ended, "store"), "request");
});

Deno.test("An announced operation that ends without a start lets the root end", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.queued", 1);
  traced.publish("request.end", 2);
  traced.publish("store.end", 3);
  assertEquals((await traced.ended()).map(summary), [["request", 0, 3]]);
  assertEquals(traced.tracing.stats().orphanedEnds, 1);
  await traced.stop();
});

Deno.test("An announced operation that never starts lets the root end when it expires", async () => {
  const traced = tracedBus(spans, { maxPairAgeMs: 100 });
  traced.publish("request.start", 0);
  traced.publish("store.queued", 1);
  traced.publish("request.end", 2);
  traced.publish("write.start", 200, {}, { sessionId: "other" });
  traced.publish("write.end", 201, {}, { sessionId: "other" });
  const ended = await traced.stop();
  assertEquals(ended.map(({ name }) => name), ["write", "request"]);
  assertEquals(ended[1]?.attributes["busbar.expired"], undefined);
});

Deno.test("At a stop a root waits no longer for what was announced", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("store.queued", 1);
  traced.publish("request.end", 2);
  assertEquals(await traced.ended(), []);
  assertEquals((await traced.stop()).map(summary), [["request", 0, 2]]);
  const { started, ended, expired, open } = traced.tracing.stats();
  assertEquals({ started, ended, expired, open }, { started: 1, ended: 1, expired: 0, open: 0 });
});

Deno.test("The roots of one session are kept apart", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0, { operationId: 1 });
  traced.publish("store.start", 1, { operationId: 1 });
  traced.publish("request.end", 2, { operationId: 1 });
  traced.publish("request.start", 3, { operationId: 2 });
  traced.publish("write.start", 4);
  traced.publish("store.end", 5, { operationId: 1 });
  traced.publish("request.end", 6, { operationId: 2 });
  traced.publish("write.end", 7);
  const ended = await traced.stop();
  // The write's declared parent, the store, belongs to the first request.
  assertEquals(ended.map(summary), [
    ["store", 1, 5],
    ["request", 3, 6],
    ["write", 4, 7],
    ["request", 0, 7],
  ]);
});
