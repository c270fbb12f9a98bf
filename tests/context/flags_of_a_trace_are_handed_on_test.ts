import { assertEquals } from "@std/assert";
import { currentTrace, withSession } from "@busbar/busbar/context";

const REGISTRY = Symbol.for("opentelemetry.js.api.1");
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

interface Told {
  spanContext(): { readonly traceFlags: number };
}

/** Calls a function while a span of somebody else's is active. @returns the spans that it made active */
function besideOpenTelemetry(active: Told | undefined, fn: () => void): Told[] {
  const made: Told[] = [];
  const one = {
    getValue: () => active,
    setValue: (_key: symbol, span: Told) => {
      made.push(span);
      return one;
    },
  };
  const value = {
    context: { active: () => one, with: (_context: unknown, inner: () => unknown) => inner() },
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, REGISTRY);
  Object.defineProperty(globalThis, REGISTRY, { value, configurable: true, writable: true });
  try {
    fn();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, REGISTRY);
    else Object.defineProperty(globalThis, REGISTRY, before);
  }
  return made;
}

// w3.org/TR/trace-context-2, "Random Trace ID Flag"; the bits beyond the two known ones "MUST" be 0.
const FLAGS: readonly (readonly [given: number, handedOn: number])[] = [
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 3],
  [0xff, 3],
];

Deno.test("of a span of somebody else the known flags are handed on", () => {
  for (const [traceFlags, handedOn] of FLAGS) {
    const theirs = { spanContext: () => ({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags }) };
    besideOpenTelemetry(theirs, () => {
      assertEquals(currentTrace()?.traceparent, `00-${TRACE_ID}-${SPAN_ID}-0${handedOn}`);
    });
  }
});

Deno.test("somebody else is told the known flags of a session's trace", () => {
  for (const [traceFlags, handedOn] of FLAGS) {
    const flags = traceFlags.toString(16).padStart(2, "0");
    const made = besideOpenTelemetry(undefined, () => {
      withSession({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-${flags}` }, () => {});
    });
    assertEquals(made.map((span) => span.spanContext().traceFlags), [handedOn]);
  }
});
