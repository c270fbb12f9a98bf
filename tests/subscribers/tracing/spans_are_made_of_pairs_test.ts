import { assertEquals } from "@std/assert";
import { SpanKind } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { named, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const read = span("read.start", "read.end", { kind: "client" });

Deno.test("A span begins and ends at its events' timestamps, and keeps its attributes' types", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 10.25, { key: "a", size: 3, hit: false, nested: { no: 1 } });
  traced.publish("read.end", 1_010.5, { size: 4, ratio: 0.5 });
  const [span] = await traced.stop();
  assertEquals(span && summary(span), ["read", 10.25, 1_010.5]);
  assertEquals(span?.kind, SpanKind.CLIENT);
  assertEquals(span?.attributes, { key: "a", size: 4, hit: false, ratio: 0.5 });
  assertEquals(span?.parentSpanContext, undefined);
});

Deno.test("Without a session there is no session attribute", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 0, {}, { sessionId: "" });
  traced.publish("read.end", 1, {}, { sessionId: "" });
  assertEquals((await traced.stop())[0]?.attributes, {});
});

Deno.test("A timestamp just below a full second stays a valid time", async () => {
  const traced = tracedBus({ read });
  traced.bus.publish("read.start", {}, { timestamp: 999.9999999 });
  traced.bus.publish("read.end", {}, { timestamp: 1_500 });
  const [span] = await traced.stop();
  assertEquals([span?.startTime, span?.endTime], [[1, 0], [1, 500_000_000]]);
});

Deno.test("A time that OTLP cannot hold becomes the first or the last that it can", async () => {
  const traced = tracedBus({ read });
  traced.bus.publish("read.start", {}, { timestamp: -5 });
  traced.bus.publish("read.end", {}, { timestamp: 1.7e15 });
  const [span] = await traced.stop();
  assertEquals(span?.startTime, [0, 0]);
  const [seconds = 0, nanoseconds = 0] = span?.endTime ?? [];
  assertEquals(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) < 2n ** 64n, true);
  assertEquals(new Date(seconds * 1_000).getUTCFullYear(), 2554);
});

Deno.test("An end before its start ends the span at its start", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 10);
  traced.publish("read.end", 5);
  assertEquals((await traced.stop()).map(summary), [["read", 10, 10]]);
});

Deno.test("Operations of one kind in one session are kept apart", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 0, { operationId: "a", n: 1 });
  traced.publish("read.start", 1, { operationId: "b", n: 2 });
  traced.publish("read.end", 2, { operationId: "a" });
  traced.publish("read.end", 3, { operationId: "b" });
  assertEquals((await traced.stop()).map((span) => [span.attributes.n, ...summary(span)]), [
    [1, "read", 0, 2],
    [2, "read", 1, 3],
  ]);
});

Deno.test("Without an operation id the oldest start is matched first, session by session", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 0, {}, { sessionId: "other" });
  traced.publish("read.start", 1);
  traced.publish("read.start", 2);
  traced.publish("read.end", 3);
  traced.publish("read.end", 4);
  traced.publish("read.end", 5, {}, { sessionId: "other" });
  assertEquals((await traced.stop()).map(summary), [
    ["read", 1, 3],
    ["read", 2, 4],
    ["read", 0, 5],
  ]);
});

Deno.test("One event may end one span and begin another", async () => {
  const traced = tracedBus({
    second: span("halfway", "done"),
    first: span("begun", "halfway"),
  });
  traced.publish("begun", 0);
  traced.publish("halfway", 1);
  traced.publish("done", 2);
  assertEquals((await traced.stop()).map(summary), [["first", 0, 1], ["second", 1, 2]]);
});

Deno.test("A function that throws costs its attributes, not the span", async () => {
  const traced = tracedBus({
    read: span("read.start", "read.end", {
      attributes: ({ metadata }) => {
        if (metadata?.bad) throw new Error("no attributes");
        return { good: true, missing: undefined };
      },
      error: () => {
        throw new Error("no error");
      },
    }),
  });
  traced.publish("read.start", 0, { bad: true });
  traced.publish("read.end", 1);
  traced.publish("read.start", 2);
  traced.publish("read.end", 3, { bad: true });
  const spans = await traced.stop();
  assertEquals(spans.map((span) => span.attributes), [
    { good: true },
    { good: true },
  ]);
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 3 });
});

Deno.test("Several declarations of one type each get the event, though one throws", async () => {
  const traced = tracedBus({
    broken: span("start", "end", {
      operationId: () => {
        throw new Error("no id");
      },
    }),
    whole: span("start", "end"),
  });
  traced.publish("start", 0);
  traced.publish("end", 1);
  assertEquals(summary(named(await traced.stop(), "whole")), ["whole", 0, 1]);
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 2 });
});

Deno.test("A span has the kind that its declaration names, else it is internal", async () => {
  const kinds = ["internal", "server", "client", "producer", "consumer"] as const;
  const { INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER } = SpanKind;
  const spans = Object.fromEntries(
    kinds.map((kind) => [kind, span(`${kind}.start`, `${kind}.end`, { kind })]),
  );
  const traced = tracedBus({ ...spans, other: span("other.start", "other.end") });
  for (const name of [...kinds, "other"]) {
    traced.publish(`${name}.start`, 0);
    traced.publish(`${name}.end`, 1);
  }
  const made = (await traced.stop()).map(({ kind }) => kind);
  assertEquals(made, [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL]);
});
