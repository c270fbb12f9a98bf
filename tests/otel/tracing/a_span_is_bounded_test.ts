import { assertEquals } from "@std/assert";
import { BusTracer, type ReadableSpan } from "@busbar/busbar/otel";

Deno.test("by default a span holds 128 of each, and counts what it leaves out", () => {
  const ended: ReadableSpan[] = [];
  const tracer = new BusTracer({
    processor: {
      onStart: () => {},
      onEnd: (span) => void ended.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
    scopeName: "test",
  });
  const attributes = Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`a${i}`, i]));
  const span = tracer.startSpan("work", { attributes });
  const context = span.spanContext();
  for (let i = 0; i < 129; i++) {
    span.addEvent(`event ${i}`, attributes);
    span.addLink({ context, attributes });
  }
  span.end();
  const [made] = ended as [ReadableSpan];
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount, events, links } = made;
  assertEquals(Object.keys(made.attributes).length, 128);
  assertEquals([droppedAttributesCount, droppedEventsCount, droppedLinksCount], [1, 1, 1]);
  assertEquals([events.length, links.length], [128, 128]);
  for (const one of [events[0], links[0]]) {
    assertEquals(Object.keys(one?.attributes ?? {}).length, 128);
    assertEquals(one?.droppedAttributesCount, 1);
  }
});
