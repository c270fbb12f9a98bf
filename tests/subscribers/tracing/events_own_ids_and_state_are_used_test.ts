import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { parentOf, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const spans = {
  request: span("request.start", "request.end", { root: true }),
  read: span("read.start", "read.end", { failedBy: "read.failed", announcedBy: "read.queued" }),
  step: span("step.start", "step.end", { parent: "read" }),
};
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Deno.test("Spans are told apart by the events' own operation ids, before those of the metadata", async () => {
  const traced = tracedBus(spans);
  traced.publish("read.start", 0, { n: 1 }, { operationId: "1" });
  traced.publish("read.start", 1, { n: 2, operationId: "1" }, { operationId: "2" });
  traced.publish("read.start", 2, { n: 3, operationId: "3" });
  traced.publish("step.start", 3, {}, { operationId: "1" });
  traced.publish("step.end", 4, {}, { operationId: "1" });
  traced.publish("read.failed", 5, {}, { operationId: "2" });
  traced.publish("read.end", 6, { operationId: "3" }, { operationId: "1" });
  traced.publish("read.end", 7, {}, { operationId: "3" });
  traced.publish("read.end", 8, {}, { operationId: "2" });
  const [step, ...reads] = await traced.stop();
  assertEquals(reads.map((read) => [...summary(read), read.attributes["n"], read.status.code]), [
    ["read", 0, 6, 1, 0],
    ["read", 2, 7, 3, 0],
    ["read", 1, 8, 2, 2],
  ]);
  assertEquals(step?.parentSpanContext?.spanId, reads[0]?.spanContext().spanId);
  assertEquals(traced.tracing.stats().ambiguousPairs, 0);
});

Deno.test("An announcement is met by the start of its operation", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("read.queued", 1, {}, { operationId: "1" });
  traced.publish("request.end", 2);
  traced.publish("read.start", 3, {}, { operationId: "1" });
  assertEquals(await traced.ended(), []);
  traced.publish("read.end", 4, {}, { operationId: "1" });
  const ended = await traced.ended();
  assertEquals(ended.map(summary), [["read", 3, 4], ["request", 0, 4]]);
  assertEquals(parentOf(ended, "read"), "request");
  await traced.stop();
});

const STATES: [tracestate: unknown, kept: string | undefined][] = [
  ["vendor=1", "vendor=1"],
  ["a=1,b=2", "a=1,b=2"],
  [" a=1 ,nonsense,b=2", "a=1,b=2"],
  ["", undefined],
  [undefined, undefined],
  [7, undefined],
  [{ length: 3 }, undefined],
];
for (const [tracestate, kept] of STATES) {
  Deno.test(`A span and its children have the tracestate ${kept} of ${JSON.stringify(tracestate)}`, async () => {
    const traced = tracedBus(spans);
    traced.publish("request.start", 0, {}, { traceparent, tracestate: tracestate as string });
    traced.publish("read.start", 1);
    traced.publish("read.end", 2);
    traced.publish("request.end", 3);
    const ended = await traced.stop();
    assertEquals(ended.map(summary), [["read", 1, 2], ["request", 0, 3]]);
    for (const span of ended) {
      assertEquals(span.spanContext().traceState?.serialize() || undefined, kept);
    }
    assertEquals(traced.bus.subscriberExceptionCounts(), {});
  });
}

Deno.test("A tracestate without a traceparent names nothing", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0, {}, { tracestate: "vendor=1" });
  traced.publish("request.end", 1);
  const [request] = await traced.stop();
  assertEquals(request?.spanContext().traceState, undefined);
  assertEquals(request?.parentSpanContext, undefined);
});
