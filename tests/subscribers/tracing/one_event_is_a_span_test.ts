import { assertEquals, assertThrows } from "@std/assert";
import { SpanStatusCode } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import {
  named,
  parentOf,
  summary,
  T0,
  type TestEvents,
  tracedBus,
} from "../../support/tracing_bus.ts";

const { catalog, eventSpan, span } = declare<TestEvents>();
const request = span("request.start", "request.end", { root: true });
const ms = ({ metadata }: { metadata: TestEvents[string] }) => metadata?.["ms"] as number;

Deno.test("it ends with its event and took what that says, under its session's root", async () => {
  const query = eventSpan("query", { durationMs: ms, kind: "client" });
  const { publish, stop, tracing } = tracedBus({ request, query }, { sessionIdAttribute: "sid" });
  publish("request.start", 0);
  publish("query", 5, { ms: 3.5, table: "stock" });
  publish("request.end", 9);
  const spans = await stop();
  assertEquals(spans.map(summary), [["query", 1.5, 5], ["request", 0, 9]]);
  assertEquals(parentOf(spans, "query"), "request");
  assertEquals(named(spans, "query").attributes, { ms: 3.5, table: "stock", sid: "s" });
  const { started, ended, open } = tracing.stats();
  assertEquals([started, ended, open], [2, 2, 0]);
});

for (const wrong of [undefined, -1, NaN, Infinity, "3"]) {
  Deno.test(`a duration of ${wrong} is none`, async () => {
    const { publish, stop } = tracedBus({ query: eventSpan("query", { durationMs: ms }) });
    publish("query", 5, { ms: wrong });
    assertEquals((await stop()).map(summary), [["query", 5, 5]]);
  });
}

Deno.test("it may fail with what was thrown, and be named and linked by its event", async () => {
  const linked = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const timeout = eventSpan("timeout", {
    name: () => "slow",
    links: () => [linked, "nonsense"],
    exception: () => Object.assign(new Error("too slow"), { name: "TimeoutError" }),
  });
  const { publish, stop, tracing } = tracedBus({ request, timeout });
  publish("timeout", 1);
  const spans = await stop();
  const slow = named(spans, "slow");
  assertEquals(slow.status, { code: SpanStatusCode.ERROR, message: "too slow" });
  assertEquals(slow.events[0]?.attributes?.["exception.type"], "TimeoutError");
  assertEquals(slow.links.map(({ context }) => context.spanId), ["b7ad6b7169203331"]);
  assertEquals(slow.parentSpanContext, undefined);
  assertEquals(tracing.stats().invalidTraceparents, 1);
});

Deno.test("a traceparent of its own is its parent where no root is open", async () => {
  const { publish, stop } = tracedBus({ query: eventSpan("query") });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  publish("query", 1, {}, { traceparent });
  assertEquals(named(await stop(), "query").parentSpanContext?.spanId, "b7ad6b7169203331");
});

Deno.test("an event may say all of several spans; what has no times is left out", async () => {
  const steps = eventSpan("steps", {
    parts: () => [
      { startTimeMs: T0 + 1, endTimeMs: T0 + 2, attributes: { step: 1, none: undefined } },
      { startTimeMs: T0 + 2, endTimeMs: T0 + 12 },
      { startTimeMs: T0 + 3, endTimeMs: T0 + 2 },
      { startTimeMs: NaN, endTimeMs: T0 },
      { startTimeMs: -2, endTimeMs: -1 },
      { startTimeMs: T0, endTimeMs: Infinity },
    ],
  });
  const { publish, stop } = tracedBus({ request, steps });
  publish("request.start", 0);
  publish("steps", 3, { whose: "mine" });
  publish("request.end", 9);
  const spans = await stop();
  // The root lasts as long as what was in it.
  assertEquals(spans.map(summary), [["steps", 1, 2], ["steps", 2, 12], ["request", 0, 12]]);
  assertEquals(spans.map(({ attributes }) => attributes), [{ step: 1 }, { whose: "mine" }, {}]);
});

Deno.test("what throws is counted and leaves out no other span", async () => {
  const fail = () => {
    throw new Error("no");
  };
  const { publish, stop, bus } = tracedBus({
    a: eventSpan("a", { durationMs: fail }),
    b: eventSpan("b", { parts: fail }),
    c: eventSpan("c", { attributes: fail }),
    d: eventSpan("d", {
      parts: () =>
        [null, { startTimeMs: T0, endTimeMs: T0 }] as unknown as { startTimeMs: 0; endTimeMs: 0 }[],
    }),
  });
  for (const type of ["a", "b", "c", "d"]) publish(type, 1);
  assertEquals((await stop()).map(summary), [["a", 1, 1], ["c", 1, 1], ["d", 0, 0]]);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { TracingSubscriber: 4 });
});

Deno.test("declarations that contradict themselves are refused by name", () => {
  const type = () => [];
  assertThrows(
    () => eventSpan("a", { durationMs: () => 1, parts: type }),
    TypeError,
    "durationMs must be absent where parts is given",
  );
  assertThrows(() => eventSpan("a", { afterwards: true }), TypeError, "parent must be given");
  assertThrows(() => eventSpan("a", { kind: "x" as "client" }), TypeError, "kind must be one of");
  assertThrows(() => eventSpan("bus:x"), TypeError, "type must be an event type");
  assertThrows(
    () => catalog({ spans: { a: eventSpan("a"), b: eventSpan("b", { parent: "a" }) } }),
    TypeError,
    "parent must be a span of a start and an end",
  );
  assertThrows(
    () => span("a", "b", { openedBy: "c" }),
    TypeError,
    "openedBy must be that of a root",
  );
  assertThrows(
    () => span("a", "b", { root: true, openedBy: "b" }),
    TypeError,
    "openedBy must be other types than start and end",
  );
  assertThrows(
    () => span("a", "b", { root: true, openedBy: "c", operationId: () => 1 }),
    TypeError,
    "operationId must be absent where openedBy is given",
  );
  assertThrows(() => span("a", "b", { rootEnd: "own" }), TypeError, "rootEnd must be");
  assertThrows(
    () => catalog({ spans: { b: span("b", "c", { parent: ["b", "x"] }) } }),
    TypeError,
    'parent must be a span of the catalog, received "x"',
  );
  assertThrows(() => span("a", "b", { parent: [1] as never }), TypeError, "parent must be");
});
