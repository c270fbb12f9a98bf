import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { catalog, span } = declare();
const { attributes, operationId } = span("a", "b");
const event = (metadata: unknown) => ({
  type: "a",
  timestamp: 0,
  metadata,
  sessionId: "",
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
});

Deno.test("a span's attributes are the metadata's strings, numbers and booleans", () => {
  const metadata = { text: "a", number: 1, yes: true, no: false };
  const others = { list: [1], object: {}, nothing: null, absent: undefined, big: 1n, call() {} };
  assertEquals(attributes(event({ ...metadata, ...others })), metadata);
  for (const none of [undefined, null, "text", 5, true]) assertEquals(attributes(event(none)), {});
});

Deno.test("an operation's id is the event's, else the metadata's, if it is a string or a number", () => {
  for (const id of ["a", 0, 7, 1n]) assertEquals(operationId(event({ operationId: id })), id);
  for (const none of ["", true, null, undefined, {}, Symbol("a")]) {
    assertEquals(operationId(event({ operationId: none })), undefined);
  }
  for (const none of [undefined, null, "text", 5]) {
    assertEquals(operationId(event(none)), undefined);
  }
  const own = { ...event({ operationId: "metadata's" }), operationId: "own" };
  assertEquals(operationId(own), "own");
  assertEquals(operationId({ ...own, metadata: undefined }), "own");
});

Deno.test("a field's description may be undefined", () => {
  const metadata = { bytes: undefined };
  const { events } = catalog({ events: { "a": { description: "An a", metadata } } });
  assertEquals(events, { "a": { description: "An a", metadata } });
});
