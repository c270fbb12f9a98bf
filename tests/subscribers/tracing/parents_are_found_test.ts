import { assert, assertEquals } from "@std/assert";
import { ROOT_CONTEXT, TraceFlags } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { declare } from "@busbar/busbar/catalog";
import { named, parentOf, summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;

const spans = {
  request: span("request.start", "request.end", { root: true }),
  lookup: span("lookup.start", "lookup.end"),
  read: span("read.start", "read.end", { parent: "lookup" }),
};

Deno.test("A span hangs under the declared parent, which hangs under the session's root", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0, {}, { traceparent });
  traced.publish("lookup.start", 1);
  traced.publish("read.start", 2);
  traced.publish("read.end", 3);
  traced.publish("lookup.end", 4);
  traced.publish("request.end", 5);
  const ended = await traced.stop();
  assertEquals(parentOf(ended, "read"), "lookup");
  assertEquals(parentOf(ended, "lookup"), "request");
  assertEquals(named(ended, "request").parentSpanContext?.spanId, SPAN_ID);
  assertEquals(new Set(ended.map((span) => span.spanContext().traceId)), new Set([TRACE_ID]));
});

Deno.test("Without its declared parent a span hangs under the root; without that, under its traceparent", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0, {}, { sessionId: "rooted" });
  traced.publish("read.start", 1, { name: "rooted" }, { sessionId: "rooted", traceparent });
  traced.publish("read.end", 2, {}, { sessionId: "rooted" });
  traced.publish("request.end", 3, {}, { sessionId: "rooted" });
  traced.publish("lookup.start", 4, {}, { sessionId: "remote", traceparent });
  traced.publish("lookup.end", 5, {}, { sessionId: "remote" });
  const ended = await traced.stop();
  assertEquals(parentOf(ended, "read"), "request");
  const { traceId, spanId, isRemote } = named(ended, "lookup").parentSpanContext ?? {};
  assertEquals({ traceId, spanId, isRemote }, {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    isRemote: true,
  });
});

Deno.test("Sessions do not mix", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0, {}, { sessionId: "a" });
  traced.publish("lookup.start", 1, {}, { sessionId: "b" });
  traced.publish("lookup.end", 2, {}, { sessionId: "b" });
  traced.publish("request.end", 3, {}, { sessionId: "a" });
  const ended = await traced.stop();
  assertEquals(named(ended, "lookup").parentSpanContext, undefined);
  const traceId = (name: string) => named(ended, name).spanContext().traceId;
  assert(traceId("lookup") !== traceId("request"));
});

Deno.test("Of several open parents, the one of the same operation is chosen, or else the newest", async () => {
  const traced = tracedBus(spans);
  traced.publish("lookup.start", 0, { operationId: 1, n: 1 });
  traced.publish("lookup.start", 1, { operationId: 2, n: 2 });
  traced.publish("read.start", 2, { operationId: 1, of: 1 });
  traced.publish("read.start", 3, { operationId: 9, of: 2 });
  traced.publish("lookup.end", 4, { operationId: 2 });
  traced.publish("read.start", 5, { operationId: 8, of: 1 });
  for (const operationId of [1, 9, 8]) traced.publish("read.end", 6, { operationId });
  traced.publish("lookup.end", 7, { operationId: 1 });
  const ended = await traced.stop();
  const parents = new Map(ended.map((span) => [span.spanContext().spanId, span.attributes.n]));
  for (const span of ended.filter(({ name }) => name === "read")) {
    assertEquals(parents.get(span.parentSpanContext?.spanId ?? ""), span.attributes.of);
  }
});

Deno.test("A traceparent that is none is ignored, counted and reported", async () => {
  const traced = tracedBus(spans);
  traced.publish("lookup.start", 0, {}, { traceparent: "00-no-no-01" });
  traced.publish("lookup.end", 1);
  traced.publish("lookup.start", 2, {}, { traceparent: "0".repeat(1_000_000) });
  traced.publish("lookup.end", 3);
  const ended = await traced.stop();
  assertEquals(ended.map((span) => span.parentSpanContext), [undefined, undefined]);
  assertEquals(traced.tracing.stats().invalidTraceparents, 2);
  assertEquals(traced.lines, [
    "busbar: TracingSubscriber ignored malformed traceparents: 2 so far",
  ]);
});

Deno.test("The provider's sampler decides, and hears what the parent had decided", async () => {
  const notSampled = tracedBus(spans, { sampler: new AlwaysOffSampler() });
  notSampled.publish("lookup.start", 0);
  notSampled.publish("lookup.end", 1);
  assertEquals(await notSampled.stop(), []);
  assertEquals(notSampled.tracing.stats().ended, 1);

  const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  const byParent = tracedBus(spans, { sampler, sessionIdAttribute: "session.id" });
  const unsampled = `00-${TRACE_ID}-${SPAN_ID}-00`;
  byParent.publish("request.start", 0, {}, { sessionId: "no", traceparent: unsampled });
  byParent.publish("lookup.start", 1, {}, { sessionId: "no" });
  byParent.publish("lookup.end", 2, {}, { sessionId: "no" });
  byParent.publish("request.end", 3, {}, { sessionId: "no" });
  byParent.publish("request.start", 4, {}, { sessionId: "yes", traceparent });
  byParent.publish("request.end", 5, {}, { sessionId: "yes" });
  const ended = await byParent.stop();
  assertEquals(ended.map((span) => [span.name, span.attributes["session.id"]]), [
    ["request", "yes"],
  ]);
  assertEquals(ended[0]?.spanContext().traceFlags, TraceFlags.SAMPLED);
});

Deno.test("A tracer is told that there is no parent: it must not look for one that is active", async () => {
  const contexts: unknown[] = [];
  const tracer = new TracerProvider().getTracer("test");
  const traced = tracedBus({ read: span("read.start", "read.end") }, {
    tracer: {
      startSpan: (name, options, context) => {
        contexts.push(context);
        return tracer.startSpan(name, options, context);
      },
    },
  });
  traced.publish("read.start", 0);
  traced.publish("read.start", 1, { operationId: 1 }, { traceparent: "none" });
  await traced.stop();
  assertEquals(contexts, [ROOT_CONTEXT, ROOT_CONTEXT]);
});

Deno.test("of several parents it is the first that is open", async () => {
  const { publish, stop } = tracedBus({
    root: span("root.start", "root.end", { root: true }),
    other: span("other.start", "other.end", { root: true }),
    part: span("part.start", "part.end", { parent: "root" }),
    detail: span("detail.start", "detail.end", {
      parent: ["part", "root"],
      announcedBy: "detail.submitted",
    }),
  });
  publish("root.start", 0);
  publish("other.start", 1);
  publish("detail.submitted", 2);
  publish("other.end", 3);
  publish("detail.start", 4);
  publish("detail.end", 5);
  publish("part.start", 6);
  publish("detail.start", 7);
  publish("detail.end", 8);
  publish("part.end", 9);
  publish("root.end", 10);
  const spans = await stop();
  // What was announced has held open the root that it will be in, and no other.
  assertEquals(spans.map(summary), [
    ["other", 1, 3],
    ["detail", 4, 5],
    ["detail", 7, 8],
    ["part", 6, 9],
    ["root", 0, 10],
  ]);
  const parents = spans.map(({ parentSpanContext }) =>
    spans.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name
  );
  assertEquals(parents, [undefined, "root", "part", "root", undefined]);
});
