import { assertEquals } from "@std/assert";
import { context, trace } from "@opentelemetry/api";
import { StackContextManager } from "@opentelemetry/sdk-trace";
import fc from "../../support/properties.ts";
import { formatTraceparent, fromActiveContext, parseTraceparent } from "@busbar/busbar/subscribers";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

Deno.test("What the specification calls valid is read", () => {
  for (
    const [traceparent, traceFlags] of [
      [`00-${TRACE_ID}-${SPAN_ID}-00`, 0],
      [`00-${TRACE_ID}-${SPAN_ID}-01`, 1],
      // w3.org/TR/trace-context-2, "Random Trace ID Flag" and "Other Flags"
      [`00-${TRACE_ID}-${SPAN_ID}-02`, 2],
      [`00-${TRACE_ID}-${SPAN_ID}-fc`, 0],
      [`00-${TRACE_ID}-${SPAN_ID}-ff`, 3],
      [`cc-${TRACE_ID}-${SPAN_ID}-01`, 1],
      [`01-${TRACE_ID}-${SPAN_ID}-01-what-the-future-adds`, 1],
      [`01-${TRACE_ID}-${SPAN_ID}-01-${"x".repeat(456)}`, 1],
    ] as const
  ) {
    assertEquals(parseTraceparent(traceparent), {
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      traceFlags,
      isRemote: true,
    });
  }
});

Deno.test("Everything else is not", () => {
  for (
    const traceparent of [
      undefined,
      7,
      "",
      `ff-${TRACE_ID}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${SPAN_ID}-01-more`,
      `00-${TRACE_ID}-${SPAN_ID}-01-`,
      `01-${TRACE_ID}-${SPAN_ID}-01more`,
      `01-${TRACE_ID}-${SPAN_ID}-01-${"x".repeat(457)}`,
      `00-${"0".repeat(32)}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${"0".repeat(16)}-01`,
      `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${SPAN_ID}-0`,
      `00-${TRACE_ID}-${SPAN_ID}-1g`,
      ` 00-${TRACE_ID}-${SPAN_ID}-01`,
      `00-${TRACE_ID}-${SPAN_ID}-01\n`,
      `0-${TRACE_ID}-${SPAN_ID}-001`,
    ]
  ) assertEquals(parseTraceparent(traceparent), undefined, String(traceparent));
});

Deno.test("What is written is read again", () => {
  const hex = (length: number) =>
    fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: length,
      maxLength: length,
    })
      .filter((digits) => /[^0]/.test(digits));
  fc.assert(fc.property(hex(32), hex(16), fc.nat(1), (traceId, spanId, traceFlags) => {
    const spanContext = { traceId, spanId, traceFlags, isRemote: true };
    assertEquals(parseTraceparent(formatTraceparent(spanContext)), spanContext);
  }));
});

Deno.test("An event can carry the active context", () => {
  assertEquals(fromActiveContext({ sessionId: "s" }), { sessionId: "s" });
  context.setGlobalContextManager(new StackContextManager().enable());
  try {
    const spanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 };
    context.with(trace.setSpanContext(context.active(), spanContext), () => {
      const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;
      assertEquals(fromActiveContext(), { traceparent });
      assertEquals(fromActiveContext({ sessionId: "s" }), { sessionId: "s", traceparent });
      assertEquals(fromActiveContext({ traceparent: "given" }), { traceparent: "given" });
    });
  } finally {
    context.disable();
  }
});
