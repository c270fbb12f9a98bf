import { assert, assertEquals } from "@std/assert";
import { isSpanContextValid, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { NoopSpanProcessor } from "@opentelemetry/sdk-trace";
import { BusTracer } from "@busbar/busbar/otel";

const tracer = new BusTracer({ processor: new NoopSpanProcessor(), scopeName: "test" });
const start = () => tracer.startSpan("read").spanContext();

Deno.test("The identifiers of spans are valid, and no two are the same", () => {
  const contexts = Array.from({ length: 10_000 }, start);
  assert(contexts.every(isSpanContextValid));
  for (const name of ["traceId", "spanId"] as const) {
    assertEquals(new Set(contexts.map((context) => context[name])).size, contexts.length);
  }
  // Every digit is there in every place.
  for (let place = 0; place < 32; place++) {
    assertEquals(new Set(contexts.map(({ traceId }) => traceId[place])).size, 16);
    assertEquals(new Set(contexts.map(({ spanId }) => spanId[place % 16])).size, 16);
  }
});

Deno.test("Whatever chance gives, they are not all zeros, and have their full length", () => {
  const { random } = Math;
  try {
    for (const given of [0, 1 / 2 ** 32, 1 - 2 ** -53]) {
      Math.random = () => given;
      assert(isSpanContextValid(start()), `${given}`);
    }
  } finally {
    Math.random = random;
  }
});

Deno.test("A parent that is no valid context is none", () => {
  const invalid = trace.wrapSpanContext({ traceId: "x", spanId: "y", traceFlags: 1 });
  const context = trace.setSpan(ROOT_CONTEXT, invalid);
  assert(isSpanContextValid(tracer.startSpan("read", {}, context).spanContext()));
  const parent = tracer.startSpan("request");
  const child = tracer.startSpan("read", {}, trace.setSpan(ROOT_CONTEXT, parent)).spanContext();
  assertEquals(child.traceId, parent.spanContext().traceId);
});
