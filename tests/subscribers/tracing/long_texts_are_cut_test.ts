import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { named, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { eventSpan, span } = declare<TestEvents>();
const A = "a".repeat(16_000);
const LONG = A + "b".repeat(31);
const CUT = `${A}… (31 more)`;
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Deno.test("texts of more than 16,030 characters are cut at 16,000, with how much was cut, and are counted", async () => {
  const { publish, stop, tracing, lines } = tracedBus({
    work: span("start", "end", { root: true }),
  });
  const whole = "a".repeat(16_030);
  publish("start", 0, { long: LONG, whole });
  publish("end", 1, { other: LONG, [LONG]: 1 });
  assertEquals(named(await stop(), "work").attributes, {
    long: CUT,
    whole,
    other: CUT,
    [CUT]: 1,
  });
  assertEquals(tracing.stats().cutTexts, 3);
  assertEquals(lines, [
    "busbar: TracingSubscriber cut texts and lists of spans, which are too long: 3 so far",
  ]);
});

Deno.test("so are those of events, links, errors and roots, the reason of a failure and the ids", async () => {
  const { publish, stop, tracing } = tracedBus({
    work: span("start", "end", {
      root: true,
      attributes: () => ({ list: ["x", LONG] }),
      events: ["note"],
      links: ({ type }) =>
        type === "start" ? [{ traceparent: TRACE, attributes: { why: LONG } }] : [],
      exception: () => new Error(LONG),
      error: () => LONG,
    }),
    step: span("step.start", "step.end", {
      attributes: () => ({}),
      rootAttributes: () => ({ found: LONG }),
    }),
    whole: eventSpan("whole", { attributes: () => ({ made: LONG }) }),
  }, { sessionIdAttribute: "session" });
  publish("start", 0, {}, { sessionId: LONG });
  publish("note", 1, { text: LONG }, { sessionId: LONG });
  publish("step.start", 2, {}, { sessionId: LONG });
  publish("step.end", 3, {}, { sessionId: LONG });
  publish("end", 4, {}, { sessionId: LONG });
  publish("whole", 5, {}, { sessionId: "" });
  const spans = await stop();
  const work = named(spans, "work");
  assertEquals(work.attributes, { session: CUT, list: ["x", CUT], found: CUT });
  const [note, exception] = work.events;
  assertEquals(note?.attributes, { text: CUT });
  assertEquals(exception?.attributes?.["exception.message"], CUT);
  assertEquals(work.links[0]?.attributes, { why: CUT });
  assertEquals(work.status.message, CUT);
  assertEquals(named(spans, "whole").attributes, { made: CUT });
  // Twice a list, thrice the session, the stack too.
  assertEquals(tracing.stats().cutTexts >= 10, true);
});

Deno.test("what marks a span as failed is cut, an error and others", async () => {
  const { publish, stop } = tracedBus({ work: span("start", "end", { failedBy: "broken" }) });
  publish("start", 0);
  publish("broken", 1, { error: new Error(LONG) });
  publish("broken", 2, { message: LONG });
  publish("end", 3);
  const { events, status } = named(await stop(), "work");
  assertEquals(events[0]?.attributes?.["exception.message"], CUT);
  assertEquals(events[0]?.attributes?.["exception.type"], "Error");
  assertEquals(events[1]?.attributes, { message: CUT });
  assertEquals(status.message, CUT);
});
