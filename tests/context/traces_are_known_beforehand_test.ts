import { assert, assertEquals } from "@std/assert";
import {
  AlwaysOffSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT } from "../support/contexts.ts";
import { tracedShop } from "../support/shop_spans.ts";
import { named } from "../support/tracing_bus.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

Deno.test("its trace is known before its span is made", async () => {
  for (const traceparent of [TRACEPARENT, undefined]) {
    const shop = tracedShop();
    const seen: (string | undefined)[] = [];
    withSession({ traceparent, tracestate: "vendor=1" }, (context) => {
      operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
        seen.push(currentTrace(checkout)?.traceparent);
        operation(shop.bus, CHARGE, undefined, (charge) => {
          seen.push(currentTrace(charge)?.traceparent);
          assertEquals(currentTrace(charge)?.tracestate, traceparent && "vendor=1");
          return charge.end();
        }, { context: checkout });
        return checkout.end({ total: 1 });
      }, { context });
    });
    const spans = await shop.spans();
    assertEquals(
      seen,
      ["checkout", "charge"].map((name) => {
        const { traceId, spanId } = named(spans, name).spanContext();
        return `00-${traceId}-${spanId}-01`;
      }),
    );
  }
});

Deno.test("with a tracer that chooses the ids, the trace is known once the span is made", async () => {
  const shop = tracedShop({ tracer: "sdk" });
  const seen: (string | undefined)[] = [];
  const context = withSession({ traceparent: TRACEPARENT }, (session) => session);
  await operation(shop.bus, CHECKOUT, { cart: "c1" }, async (op) => {
    seen.push(currentTrace(op)?.traceparent);
    await shop.bus.flush();
    seen.push(currentTrace(op)?.traceparent);
    return op.end({ total: 1 });
  }, { context });
  const { spanId } = named(await shop.spans(), "checkout").spanContext();
  assertEquals(seen, [TRACEPARENT, `00-${TRACE_ID}-${spanId}-01`]);
});

Deno.test("what is sampled is known as well", async () => {
  const flagsOf = (sampler: AlwaysOffSampler) => {
    const shop = tracedShop({ sampler });
    return operation(
      shop.bus,
      CHECKOUT,
      { cart: "c1" },
      (op) => op.end({ total: 1 }, currentTrace(op)?.traceparent.slice(-2)),
    );
  };
  assertEquals(flagsOf(new AlwaysOffSampler()), "00");
  const seen = new Map<string, string>();
  const shop = tracedShop({ sampler: new TraceIdRatioBasedSampler(0.5) });
  for (let i = 0; i < 200; i++) {
    operation(shop.bus, CHECKOUT, { cart: `${i}` }, (op) => {
      const traceparent = currentTrace(op)?.traceparent ?? "";
      seen.set(traceparent.slice(36, 52), traceparent.slice(-2));
      return op.end({ total: 1 });
    });
  }
  const sampled = new Set((await shop.spans()).map((span) => span.spanContext().spanId));
  assert(sampled.size > 0 && sampled.size < 200);
  for (const [spanId, flags] of seen) assertEquals(flags, sampled.has(spanId) ? "01" : "00");
});

Deno.test("a sampler that throws when it is asked beforehand stops nobody", async () => {
  let asked = 0;
  const sampler = {
    shouldSample() {
      asked++;
      if (asked === 1) throw new Error("no");
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    },
    toString: () => "throws once",
  };
  const shop = tracedShop({ sampler });
  const value = operation(
    shop.bus,
    CHECKOUT,
    { cart: "c1" },
    (op) => op.end({ total: 1 }, currentTrace(op)),
  );
  assertEquals(value, undefined);
  assertEquals((await shop.spans()).length, 1);
});

Deno.test("a start that is lost leaves nothing behind", async () => {
  const shop = tracedShop({ bus: { maxQueueSize: 1 } });
  shop.bus.publish("note", { text: "fills the queue" });
  const trace = operation(
    shop.bus,
    CHECKOUT,
    { cart: "c1" },
    (op) => op.end({ total: 1 }, currentTrace(op)),
  );
  assertEquals(trace, undefined);
  assertEquals(await shop.spans(), []);
});

Deno.test("once nothing makes spans any more, the caller's trace is handed on", async () => {
  const shop = tracedShop();
  shop.subscription[Symbol.dispose]();
  withSession(
    { traceparent: TRACEPARENT },
    (context) =>
      operation(shop.bus, CHECKOUT, { cart: "c1" }, (op) => {
        assertEquals(currentTrace(op)?.traceparent, TRACEPARENT);
        return op.end({ total: 1 });
      }, { context }),
  );
  assertEquals(await shop.spans(), []);
});

Deno.test("what is announced and has not started is bounded, as what is open is", async () => {
  const shop = tracedShop({ maxOpenPairs: 2 });
  const ids: (string | undefined)[] = [];
  for (const cart of ["a", "b", "c"]) {
    operation(shop.bus, CHECKOUT, { cart }, (op) => {
      ids.push(currentTrace(op)?.traceparent.slice(36, 52));
      return op.end({ total: 1 });
    });
  }
  const spans = await shop.spans();
  const made = spans.map((span) => span.spanContext().spanId);
  assertEquals([made.length, made.indexOf(ids[0]!)], [3, -1]);
  assertEquals(made.slice(1), ids.slice(1));
});

Deno.test("an operation whose span has ended is forgotten", async () => {
  const shop = tracedShop({ tracer: "sdk" });
  const context = withSession({ traceparent: TRACEPARENT }, (session) => session);
  const ended = operation(
    shop.bus,
    CHECKOUT,
    { cart: "c1" },
    (op) => op.end({ total: 1 }, op),
    { context },
  );
  await shop.bus.flush();
  assertEquals(currentTrace(ended)?.traceparent, TRACEPARENT);
  await shop.spans();
});
