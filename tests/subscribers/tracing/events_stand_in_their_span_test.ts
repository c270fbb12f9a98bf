import { assertEquals } from "@std/assert";
import { SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { declare } from "@busbar/busbar/catalog";
import { currentContext, operation } from "@busbar/busbar/context";
import { EventBus } from "@busbar/busbar";
import { subscribeCatalog } from "@busbar/busbar/subscribers";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { T0, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

/** The events of a span: name, time relative to `T0`, attributes. */
function eventsOf(span: ReadableSpan | undefined) {
  return span?.events.map(({ name, time: [seconds, nanoseconds], attributes }) => [
    name,
    seconds * 1e3 + nanoseconds / 1e6 - T0,
    attributes,
  ]);
}

Deno.test("A declared event stands in the open span, at its own time, with what it says", async () => {
  const traced = tracedBus({ read: span("read.start", "read.end", { events: ["hit", "retry"] }) });
  traced.publish("read.start", 0);
  traced.publish("hit", 1.5, { key: "a", size: 2, good: true, list: [1] });
  traced.publish("other", 2);
  traced.publish("retry", 3);
  traced.publish("read.end", 4);
  const [made] = await traced.stop();
  assertEquals(eventsOf(made), [["hit", 1.5, { key: "a", size: 2, good: true }], ["retry", 3, {}]]);
  assertEquals(made?.status.code, SpanStatusCode.UNSET);
  assertEquals(traced.tracing.stats().orphanedEvents, 0);
});

Deno.test("A function says what an event's attributes are; what is undefined is none", async () => {
  const traced = tracedBus({
    read: span("read.start", "read.end", {
      events: {
        "hit": ({ metadata }) => ({ "cache.key": `${metadata?.["key"]}`, "cache.ttl": undefined }),
        "retry": true,
        "never": undefined,
      },
    }),
  });
  traced.publish("read.start", 0);
  traced.publish("hit", 1, { key: "a", secret: "s" });
  traced.publish("retry", 2, { n: 1 });
  traced.publish("never", 3);
  traced.publish("read.end", 4);
  assertEquals(eventsOf((await traced.stop())[0]), [
    ["hit", 1, { "cache.key": "a" }],
    ["retry", 2, { n: 1 }],
  ]);
});

Deno.test("An event with an Error is an exception, as recordException makes one, and fails nothing", async () => {
  const traced = tracedBus({ read: span("read.start", "read.end", { events: "retry" }) });
  const error = Object.assign(new RangeError("busy"), { stack: "at line 1" });
  const coded = Object.assign(new Error("refused"), { code: "ECONNREFUSED", stack: "" });
  traced.publish("read.start", 0);
  traced.publish("retry", 1, { error, attempt: 2 });
  traced.publish("retry", 2, { error: coded });
  traced.publish("retry", 3, { error: new DOMException("gone", "AbortError") });
  traced.publish("read.end", 4);
  const [made] = await traced.stop();
  const provider = new TracerProvider();
  const official = provider.getTracer("official").startSpan("x");
  for (const one of [error, coded]) official.recordException(one);
  const { events } = official as unknown as ReadableSpan;
  assertEquals(eventsOf(made)?.slice(0, 2), [
    ["exception", 1, { ...events[0]?.attributes, attempt: 2 }],
    ["exception", 2, { ...events[1]?.attributes }],
  ]);
  assertEquals(made?.events[1]?.attributes, {
    "exception.type": "ECONNREFUSED",
    "exception.message": "refused",
  });
  assertEquals(made?.events[2]?.attributes?.["exception.type"], "AbortError");
  assertEquals(made?.status.code, SpanStatusCode.UNSET);
});

Deno.test("Each operation has its own events; without one they are the session's", async () => {
  const traced = tracedBus({
    request: span("request.start", "request.end", { root: true, events: "note" }),
    read: span("read.start", "read.end", { events: "hit" }),
  });
  const texts = (name: string, spans: readonly ReadableSpan[]) =>
    spans.filter((made) => made.name === name)
      .map(({ events }) => events.map(({ attributes }) => attributes?.["n"]));
  traced.publish("request.start", 0);
  traced.publish("request.start", 0, {}, { sessionId: "other" });
  traced.publish("read.start", 1, { operationId: 1 });
  traced.publish("read.start", 2, { operationId: 2 });
  traced.publish("hit", 3, { operationId: 1, n: 1 });
  traced.publish("hit", 4, { operationId: 2, n: 2 });
  // Of no operation: of the one that was opened last.
  traced.publish("hit", 5, { n: 3 });
  // Of an operation that has no span: the session's own.
  traced.publish("note", 6, { operationId: 1, n: 4 });
  traced.publish("request.end", 7);
  // A root that waits for its work is open.
  traced.publish("note", 8, { n: 5 });
  for (const operationId of [1, 2]) traced.publish("read.end", 9, { operationId });
  const spans = await traced.stop();
  assertEquals(texts("read", spans), [[1], [2, 3]]);
  assertEquals(texts("request", spans), [[4, 5], []]);
});

Deno.test("What is published in an operation within an operation stands in the one that asks for it", async () => {
  const { catalog, span } = declare<TestEvents>();
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    spanProcessors: [{
      onStart() {},
      onEnd: (span) => void ended.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }],
  });
  const bus = new EventBus<TestEvents>({ context: currentContext }).start();
  subscribeCatalog(
    bus,
    catalog({
      spans: {
        outer: span("outer.start", "outer.end", { events: "hit" }),
        inner: span("inner.start", "inner.end"),
      },
    }),
    { tracer: provider.getTracer("test") },
  );
  await Promise.all(
    [1, 2].map((n) =>
      operation(bus, ["outer.start", "outer.end"], { n }, async (outer) => {
        await operation(bus, ["inner.start", "inner.end"], {}, async (inner) => {
          await bus.flush();
          bus.publish("hit", { n }, inner);
          return inner.end({});
        }, { context: outer });
        return outer.end({});
      })
    ),
  );
  await bus.stop();
  const outer = ended.filter(({ name }) => name === "outer");
  assertEquals(outer.map(({ events }) => events.length), [1, 1]);
  for (const { events, attributes } of outer) assertEquals(events[0]?.attributes, attributes);
});

Deno.test("An event whose span is not open is counted and told, backing off", async () => {
  const traced = tracedBus(
    { read: span("read.start", "read.end", { events: "hit" }) },
    { maxPairAgeMs: 100 },
  );
  traced.publish("hit", 0, { operationId: "early" });
  traced.publish("read.start", 1);
  traced.publish("read.end", 2);
  traced.publish("hit", 3);
  await traced.bus.flush();
  traced.publish("read.start", 10);
  await traced.bus.flush();
  traced.clock.timeMs = T0 + 1_000;
  await traced.bus.flush();
  // It has expired.
  assertEquals(traced.tracing.stats().expired, 1);
  traced.publish("hit", 20_000);
  const spans = await traced.stop();
  assertEquals(spans.map(({ events }) => events), [[], []]);
  assertEquals(traced.tracing.stats().orphanedEvents, 3);
  assertEquals(traced.lines.filter((line) => line.includes("not open")), [
    "busbar: TracingSubscriber ignored events whose span was not open, not yet or no more: 2 so " +
    'far, the last one "hit"',
    "busbar: TracingSubscriber ignored events whose span was not open, not yet or no more: 3 so " +
    'far, the last one "hit"',
  ]);
});

Deno.test("A catalog's function that throws, and getters, cost the attributes alone", async () => {
  const traced = tracedBus({
    read: span("read.start", "read.end", {
      events: {
        "hit": () => {
          throw new Error("no");
        },
        "odd": () => null as never,
        "retry": true,
      },
    }),
  });
  traced.publish("read.start", 0);
  traced.publish("hit", 1);
  traced.publish("odd", 2);
  traced.publish("retry", 3, {
    get error(): Error {
      throw new Error("lies");
    },
  });
  traced.publish("read.end", 4);
  const [made] = await traced.stop();
  assertEquals(made?.events.map(({ name }) => name), ["hit", "odd", "retry"]);
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 2 });
});

Deno.test("A span that is not recorded takes no events, and asks for no attributes", async () => {
  const { AlwaysOffSampler } = await import("@opentelemetry/sdk-trace");
  let asked = 0;
  const traced = tracedBus({
    read: span("read.start", "read.end", {
      events: {
        hit: () => {
          asked++;
          return {};
        },
      },
    }),
  }, { sampler: new AlwaysOffSampler() });
  traced.publish("read.start", 0);
  traced.publish("hit", 1);
  traced.publish("read.end", 2);
  assertEquals(await traced.stop(), []);
  assertEquals([asked, traced.tracing.stats().orphanedEvents], [0, 0]);
});
