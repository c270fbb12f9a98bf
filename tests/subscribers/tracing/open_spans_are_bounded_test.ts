import { assert, assertEquals, assertThrows } from "@std/assert";
import { trace } from "@opentelemetry/api";
import fc, { runs } from "../../support/properties.ts";
import { declare } from "@busbar/busbar/catalog";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const spans = {
  request: span("request.start", "request.end", { root: true }),
  read: span("read.start", "read.end", {
    announcedBy: "read.queued",
    failedBy: "read.failed",
  }),
  step: span("step.start", "step.end", { parent: "read" }),
};

Deno.test("One open span too many ends the oldest with a mark; its late end is counted", async () => {
  const traced = tracedBus(spans, { maxOpenPairs: 2 });
  for (const at of [0, 1, 2]) traced.publish("read.start", at, { operationId: at });
  await traced.bus.flush();
  for (const at of [0, 1, 2]) traced.publish("read.end", 10 + at, { operationId: at });
  const ended = await traced.ended();
  assertEquals(ended.map((span) => [...summary(span), span.attributes["busbar.expired"]]), [
    ["read", 0, 2, true],
    ["read", 1, 11, undefined],
    ["read", 2, 12, undefined],
  ]);
  assertEquals(traced.tracing.stats(), {
    started: 3,
    ended: 2,
    expired: 1,
    orphanedEnds: 1,
    ambiguousPairs: 0,
    invalidTraceparents: 0,
    orphanedEvents: 0,
    cutTexts: 0,
    open: 0,
  });
  assertEquals(traced.lines, [
    'busbar: TracingSubscriber expired spans whose end did not arrive: 1 so far, the last one a "read"',
  ]);
  await traced.stop();
});

Deno.test("Open spans expire by the bus's clock, and end at its time", async () => {
  const traced = tracedBus(spans, { maxPairAgeMs: 1_000 });
  traced.publish("read.start", 0);
  assertEquals(await traced.ended(), []);
  traced.clock.advance(1_000);
  assertEquals(await traced.ended(), []);
  traced.clock.advance(1);
  const [read] = await traced.ended();
  assertEquals(read && [...summary(read), read.attributes["busbar.expired"]], [
    "read",
    0,
    1_001,
    true,
  ]);
  await traced.stop();
});

Deno.test("A flush ends nothing that is not overdue; a stop ends what is open, with the mark", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("read.start", 1);
  traced.publish("request.end", 2);
  traced.publish("step.start", 3);
  assertEquals(await traced.ended(), []);
  const ended = await traced.stop();
  assertEquals(ended.map((span) => [...summary(span), span.attributes["busbar.expired"]]), [
    ["read", 1, 3, true],
    ["step", 3, 3, true],
    ["request", 0, 3, undefined],
  ]);
  assertEquals(traced.tracing.stats().open, 0);
});

Deno.test("Whatever happens, each span started ends once: started = ended + expired + open", async () => {
  const step = fc.record({
    type: fc.constantFrom(
      ...["request.start", "request.end", "read.queued", "read.start", "read.end", "read.failed"],
      ...["step.start", "step.end"],
    ),
    sessionId: fc.constantFrom("a", "b", ""),
    operationId: fc.constantFrom(undefined, 1, 2),
    passed: fc.nat(60),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const traced = tracedBus(spans, { maxOpenPairs: 5, maxPairAgeMs: 200 });
      let now = 0;
      for (const { type, sessionId, operationId, passed } of steps) {
        now += passed;
        const metadata = operationId === undefined ? {} : { operationId };
        traced.publish(type, now, metadata, { sessionId });
        const ended = await traced.ended();
        const counts = traced.tracing.stats();
        assertEquals(counts.started, counts.ended + counts.expired + counts.open);
        assertEquals(ended.length, counts.ended + counts.expired);
      }
      const ended = await traced.stop();
      const { started, open } = traced.tracing.stats();
      assertEquals([ended.length, open], [started, 0]);
      assertEquals(new Set(ended.map((span) => span.spanContext().spanId)).size, started);
      assertEquals(traced.bus.subscriberExceptionCounts(), {});
    }),
    runs(60),
  );
});

Deno.test("Limits out of range are refused", () => {
  const tracer = trace.getTracer("test");
  assertThrows(() => new TracingSubscriber({ tracer, spans: {}, maxOpenPairs: 0 }), RangeError);
  assertThrows(() => new TracingSubscriber({ tracer, spans: {}, maxPairAgeMs: -1 }), RangeError);
  assert(new TracingSubscriber({ tracer, spans: {} }).stats().open === 0);
});
