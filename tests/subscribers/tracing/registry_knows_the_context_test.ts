import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import type { BusEvent } from "@busbar/busbar";
import { SpanRegistry } from "@busbar/busbar/subscribers";
import { type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const spans = {
  request: span("request.start", "request.end", { root: true }),
  read: span("read.start", "read.end", { failedBy: "read.failed" }),
};

/** Asks the registry at each event, as a subscriber registered later would. */
function ask({ bus, registry }: ReturnType<typeof tracedBus>): Map<string, string | undefined> {
  const asked = new Map<string, string | undefined>();
  bus.subscribeAll((event: BusEvent) =>
    void asked.set(`${event.type} ${event.sessionId}`, registry.contextOf(event)?.spanId)
  );
  return asked;
}

Deno.test("An event belongs to the span that it starts, ends or fails", async () => {
  const traced = tracedBus(spans);
  const asked = ask(traced);
  traced.publish("request.start", 0);
  traced.publish("read.start", 1);
  traced.publish("read.failed", 2);
  traced.publish("read.end", 3);
  traced.publish("request.end", 4);
  const [read, request] = (await traced.stop()).map((span) => span.spanContext().spanId);
  assertEquals([...asked], [
    ["request.start s", request],
    ["read.start s", read],
    ["read.failed s", read],
    ["read.end s", read],
    ["request.end s", request],
  ]);
});

Deno.test("An event that stands in a span, fails it or announces work under it belongs to that span", async () => {
  const traced = tracedBus({
    request: span("request.start", "request.end", {
      root: true,
      events: "hit",
      failedBy: "request.failed",
    }),
    read: span("read.start", "read.end"),
    store: span("store.start", "store.end", { announcedBy: "store.queued" }),
  });
  const asked = ask(traced);
  traced.publish("request.start", 0);
  traced.publish("read.start", 1);
  traced.publish("hit", 2);
  traced.publish("store.queued", 3);
  traced.publish("request.failed", 3);
  traced.publish("note", 4);
  traced.publish("read.end", 5);
  traced.publish("store.end", 6);
  traced.publish("request.end", 7);
  const [read, request] = (await traced.stop()).map((span) => span.spanContext().spanId);
  const types = ["hit", "store.queued", "request.failed", "note"];
  assertEquals(types.map((type) => asked.get(`${type} s`)), [request, request, request, read]);
});

Deno.test("Any other event belongs to its session's newest open span, or to its traceparent, or to none", async () => {
  const traced = tracedBus(spans);
  const asked = ask(traced);
  traced.publish("request.start", 0);
  traced.publish("read.start", 1);
  traced.publish("note one", 2);
  traced.publish("read.end", 3);
  traced.publish("note two", 4);
  traced.publish("request.end", 5);
  traced.publish("note three", 6);
  traced.publish("note four", 7, {}, { traceparent: TRACEPARENT });
  traced.publish("read.start", 8, {}, { sessionId: "" });
  traced.publish("note five", 9, {}, { sessionId: "" });
  const [read, request] = (await traced.stop()).map((span) => span.spanContext().spanId);
  assertEquals(asked.get("note one s"), read);
  assertEquals(asked.get("note two s"), request);
  assertEquals(asked.get("note three s"), undefined);
  assertEquals(asked.get("note four s"), "b7ad6b7169203331");
  assertEquals(asked.get("note five "), undefined);
});

Deno.test("Of several sources the one that was added first is asked first", () => {
  const asked: string[] = [];
  const registry = new SpanRegistry();
  const source = (name: string, spanId: string | undefined) => () => {
    asked.push(name);
    return spanId === undefined ? undefined : { traceId: "", spanId, traceFlags: 0 };
  };
  registry.addSource(source("first", undefined));
  registry.addSource(source("second", "2"));
  registry.addSource(source("third", "3"));
  const event = {
    type: "a",
    timestamp: 0,
    metadata: undefined,
    sessionId: "",
    operationId: "",
    traceparent: TRACEPARENT,
    tracestate: undefined,
  };
  assertEquals(registry.contextOf(event)?.spanId, "2");
  assertEquals(asked, ["first", "second"]);
});
