import { assertEquals } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { BusTracer, type ReadableSpan } from "@busbar/busbar/otel";

Deno.test("whatever was thrown, a span that records it holds what the SDK's would, and throws nothing", async () => {
  const ended: ReadableSpan[] = [];
  const processor = {
    onStart: () => {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const thrown = [null, undefined, 0, 7, false, Symbol("a"), {}, "", "text", new Error(""), {
    message: "plain",
    code: 5,
  }];
  for (
    const tracer of [new BusTracer({ processor, scopeName: "test" }), provider.getTracer("test")]
  ) {
    const span = tracer.startSpan("work");
    // The SDK puts a symbol into the text of a warning, which throws.
    for (const one of thrown) {
      if (typeof one !== "symbol" || tracer instanceof BusTracer) {
        span.recordException(one as never, [1, 2]);
      }
    }
    span.end();
  }
  const [ours, official] = ended;
  assertEquals(ours?.events.map(({ name }) => name), ["exception", "exception", "exception"]);
  const without = (span = ours) => span?.events.map(({ name, attributes }) => [name, attributes]);
  assertEquals(without(ours), without(official));
  await provider.shutdown();
});

Deno.test("an abort is called by its name, and not by the number of old that it has", () => {
  const ended: ReadableSpan[] = [];
  const processor = {
    onStart: () => {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const span = new BusTracer({ processor, scopeName: "test" }).startSpan("work");
  span.recordException(new DOMException("gone", "AbortError"));
  span.end();
  assertEquals(ended[0]?.events[0]?.attributes?.["exception.type"], "AbortError");
});
