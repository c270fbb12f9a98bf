import { assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { declare } from "@busbar/busbar/catalog";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, type ShopEvents, STEP } from "../support/contexts.ts";
import { tracedShop, tracesOf } from "../support/shop_spans.ts";
import { named } from "../support/tracing_bus.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const TRACERS = ["bus", "sdk"] as const;

Deno.test("an operation within another is its child, whichever the tracer", async () => {
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer });
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
      operation(shop.bus, CHARGE, undefined, (op) => op.end(), { context: checkout });
      return checkout.end({ total: 1 });
    });
    const spans = await shop.spans();
    const [parent, child] = [named(spans, "checkout"), named(spans, "charge")];
    assertEquals(child.parentSpanContext?.spanId, parent.spanContext().spanId);
    assertEquals(child.spanContext().traceId, parent.spanContext().traceId);
    assertEquals(parent.parentSpanContext, undefined);
  }
});

Deno.test("many at the same time in one session each have their own children", async () => {
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer });
    const context = withSession({}, (session) => session);
    const ids = new Map<string, string>();
    await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) =>
          operation(shop.bus, CHECKOUT, { cart: `${i}` }, async (checkout) => {
            for (let turn = 0; turn < i % 4; turn++) {
              await delay(0);
            }
            await operation(shop.bus, CHARGE, undefined, async (charge) => {
              for (let turn = 0; turn < i % 3; turn++) await delay(0);
              shop.bus.publish("note", { text: `${i}` }, charge);
              ids.set(charge.operationId, checkout.operationId);
              return charge.end();
            }, { context: checkout });
            return checkout.end({ total: i });
          }, { context }),
      ),
    );
    const spans = await shop.spans();
    const checkouts = spans.filter(({ name }) => name === "checkout");
    const charges = spans.filter(({ name }) => name === "charge");
    assertEquals([checkouts.length, charges.length, shop.records.length], [20, 20, 20]);
    const parents = charges.map(({ parentSpanContext }) => parentSpanContext?.spanId);
    assertEquals(
      parents.toSorted(),
      checkouts.map((span) => span.spanContext().spanId).toSorted(),
    );
    // Each record belongs to another charge.
    assertEquals(
      shop.records.map(({ spanId }) => spanId).toSorted(),
      charges.map((span) => span.spanContext().spanId).toSorted(),
    );
    if (tracer === "sdk") continue;
    for (const charge of charges) {
      assertEquals(ids.get(charge.spanContext().spanId), charge.parentSpanContext?.spanId);
    }
  }
});

Deno.test("an operation continues the caller's trace", async () => {
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer });
    withSession({ traceparent: TRACEPARENT, tracestate: "vendor=1" }, (context) => {
      operation(shop.bus, CHECKOUT, { cart: "c1" }, (op) => op.end({ total: 1 }), { context });
    });
    const span = named(await shop.spans(), "checkout");
    assertEquals(span.spanContext().traceId, TRACE_ID);
    assertEquals(span.parentSpanContext?.spanId, SPAN_ID);
    assertEquals(span.spanContext().traceState?.serialize(), "vendor=1");
  }
});

Deno.test("an operation that becomes no span is none between others", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const shop = tracedShop({
    catalog: catalog({
      spans: { charge: span("charge.start", "charge.end") },
      logs: { note: { level: "info" } },
    }),
  });
  operation(shop.bus, CHARGE, undefined, (outer) => {
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
      assertEquals(currentTrace(checkout)?.traceparent, currentTrace(outer)?.traceparent);
      // Another one is open, and newer, when this is handled.
      operation(shop.bus, CHARGE, undefined, (newest) => {
        shop.bus.publish("note", { text: "in between" }, checkout);
        return newest.end();
      }, { context: { sessionId: outer.sessionId } });
      operation(shop.bus, CHARGE, undefined, (op) => op.end(), { context: checkout });
      return checkout.end({ total: 1 });
    }, { context: outer });
    return outer.end();
  });
  const [, inner, outer] = await shop.spans();
  assertEquals(inner?.parentSpanContext?.spanId, outer?.spanContext().spanId);
  assertEquals(shop.records.map(({ spanId }) => spanId), [outer?.spanContext().spanId]);
});

Deno.test("a declared parent is the nearest around of that name", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const declared = catalog({
    spans: {
      checkout: span("checkout.start", "checkout.end"),
      charge: span("charge.start", "charge.end", { parent: "checkout" }),
      step: span("step.start", "step.end"),
    },
  });
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer, catalog: declared });
    const context = withSession({}, (session) => session);
    await Promise.all(
      ["a", "b", "c"].map((cart) =>
        operation(shop.bus, CHECKOUT, { cart }, async (checkout) => {
          await delay(0);
          operation(shop.bus, STEP, undefined, (step) => {
            operation(shop.bus, CHARGE, undefined, (op) => op.end(), { context: step });
            return step.end();
          }, { context: checkout });
          return checkout.end({ total: 1 });
        }, { context })
      ),
    );
    const spans = await shop.spans();
    const parentsOf = (name: string) =>
      spans.filter((span) => span.name === name).map((span) => span.parentSpanContext?.spanId);
    assertEquals(new Set(parentsOf("charge")).size, 3);
    assertEquals(parentsOf("charge"), parentsOf("step"));
  }
});

Deno.test("a root that is an operation waits for the operations within it", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const declared = catalog({
    spans: {
      checkout: span("checkout.start", "checkout.end", { root: true }),
      charge: span("charge.start", "charge.end"),
    },
  });
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer, catalog: declared });
    let late: Promise<unknown> | undefined;
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
      late = operation(shop.bus, CHARGE, undefined, async (charge) => {
        await delay(0);
        return charge.end();
      }, { context: checkout });
      return checkout.end({ total: 1 });
    });
    await late;
    const spans = await shop.spans();
    assertEquals(spans.map(({ name }) => name), ["charge", "checkout"]);
    assertEquals(spans[0]?.parentSpanContext?.spanId, spans[1]?.spanContext().spanId);
  }
});

Deno.test("an error in the place of an end fails the span", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const withOwn = catalog({
    spans: {
      checkout: span("checkout.start", "checkout.end", {
        error: ({ metadata }) => metadata.total < 0 ? "negative" : undefined,
      }),
    },
  });
  const throwing = catalog({
    spans: {
      checkout: span("checkout.start", "checkout.end", {
        error: ({ metadata }) => metadata.total.toFixed() === "-1" ? "negative" : undefined,
      }),
    },
  });
  for (const declared of [undefined, withOwn, throwing]) {
    const shop = tracedShop(declared === undefined ? {} : { catalog: declared });
    const run = (fn: () => never) => operation(shop.bus, CHECKOUT, { cart: "c1" }, fn);
    try {
      run(() => {
        throw new RangeError("declined");
      });
    } catch {
      // It is thrown on.
    }
    operation(shop.bus, CHECKOUT, { cart: "c2" }, (op) => op.end({ total: 1 }));
    const [failed, good] = await shop.spans();
    assertEquals(failed?.status, { code: 2, message: "declined" });
    assertEquals(failed?.events.map(({ name }) => name), ["exception"]);
    assertEquals([good?.status.code, good?.events.length], [0, 0]);
  }
});

Deno.test("what says why comes before the error", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const declared = catalog({
    spans: { checkout: span("checkout.start", "checkout.end", { error: () => "as declared" }) },
  });
  const shop = tracedShop({ catalog: declared });
  await operation(shop.bus, CHECKOUT, { cart: "c1" }, () => Promise.reject(new Error("thrown")))
    .catch(() => {});
  const [span1] = await shop.spans();
  assertEquals(span1?.status.message, "as declared");
});

Deno.test("what has another session than the operation is no child of it", async () => {
  const shop = tracedShop({ tracer: "sdk" });
  operation(shop.bus, STEP, undefined, (other) => {
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (op) => {
      const { operationId } = op;
      const init = { sessionId: other.sessionId, operationId };
      shop.bus.publish("charge.start", undefined, init);
      shop.bus.publish("charge.end", undefined, init);
      return op.end({ total: 1 });
    }, { context: {} });
    return other.end();
  });
  // Its session has an open span.
  assertEquals(named(await shop.spans(), "charge").parentSpanContext, undefined);
});

Deno.test("a pair that is published by hand within an operation is its child", async () => {
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer });
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (op) => {
      shop.bus.publish("charge.start", undefined, op);
      shop.bus.publish("charge.end", undefined, op);
      return op.end({ total: 1 });
    });
    const spans = await shop.spans();
    assertEquals(
      named(spans, "charge").parentSpanContext?.spanId,
      named(spans, "checkout").spanContext().spanId,
    );
  }
});

Deno.test("two subscriptions of one bus both find the parents of their spans", async () => {
  for (const tracer of TRACERS) {
    const shop = tracedShop({ tracer });
    const others = tracesOf(shop.bus);
    const seen = operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
      operation(shop.bus, CHARGE, undefined, (op) => op.end(), { context: checkout });
      return checkout.end({ total: 1 }, currentTrace(checkout)?.traceparent.slice(36, 52));
    });
    for (const spans of [await shop.spans(), others.getFinishedSpans()]) {
      const [charge, checkout] = spans;
      assertEquals(charge?.parentSpanContext?.spanId, checkout?.spanContext().spanId);
    }
    // One of them at least says beforehand what goes out.
    assertEquals(seen, others.getFinishedSpans()[1]?.spanContext().spanId);
  }
});

Deno.test("the same, where the tracer chooses the ids", async () => {
  const { catalog, span } = declare<ShopEvents>();
  const spans = { charge: span("charge.start", "charge.end") };
  const shop = tracedShop({ tracer: "sdk", catalog: catalog({ spans }) });
  await operation(shop.bus, CHARGE, undefined, async (outer) => {
    await shop.bus.flush();
    operation(shop.bus, CHECKOUT, { cart: "c1" }, (checkout) => {
      const [trace, expected] = [currentTrace(checkout), currentTrace(outer)];
      assertEquals([trace?.traceparent, expected === undefined], [expected?.traceparent, false]);
      operation(shop.bus, CHARGE, undefined, (op) => op.end(), { context: checkout });
      return checkout.end({ total: 1 });
    }, { context: outer });
    return outer.end();
  });
  const [inner, outer] = await shop.spans();
  assertEquals(inner?.parentSpanContext?.spanId, outer?.spanContext().spanId);
});
