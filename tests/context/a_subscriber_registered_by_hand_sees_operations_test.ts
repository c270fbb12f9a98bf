import { assertEquals } from "@std/assert";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { BusTracer } from "@busbar/busbar/otel";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { CHARGE, CHECKOUT, contextBus, type ShopEvents, STEP } from "../support/contexts.ts";
import { SHOP, tracedShop } from "../support/shop_spans.ts";
import { named } from "../support/tracing_bus.ts";

/** A bus with a tracing subscriber that was registered by hand. */
function byHand() {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const { bus } = contextBus();
  const tracing = new TracingSubscriber<ShopEvents>({
    tracer: new BusTracer({ processor, scopeName: "by hand" }),
    spans: SHOP.spans,
  });
  const registration = bus.registerSubscriber(tracing);
  return {
    bus,
    tracing,
    registration,
    async spans(): Promise<readonly ReadableSpan[]> {
      await bus.stop();
      await processor.forceFlush();
      return exporter.getFinishedSpans();
    },
  };
}

Deno.test("an operation within another is its child, in one session with many of them", async () => {
  const shop = byHand();
  const context = withSession({}, (session) => session);
  const parents = new Map<string, string>();
  await Promise.all(
    Array.from(
      { length: 10 },
      () =>
        operation(shop.bus, CHECKOUT, { cart: "c" }, async (checkout) => {
          await operation(shop.bus, CHARGE, undefined, async (charge) => {
            await shop.bus.flush();
            const id = (operationId: string) =>
              shop.tracing.spanContext(charge.sessionId, operationId)?.spanId ?? "";
            parents.set(id(charge.operationId), id(checkout.operationId));
            return charge.end();
          }, { context: checkout });
          return checkout.end({ total: 1 });
        }, { context }),
    ),
  );
  const charges = (await shop.spans()).filter(({ name }) => name === "charge");
  assertEquals(charges.length, 10);
  for (const charge of charges) {
    assertEquals(charge.parentSpanContext?.spanId, parents.get(charge.spanContext().spanId));
  }
});

Deno.test("its trace is known once the span is made, and the caller's until then", async () => {
  const shop = byHand();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const seen: (string | undefined)[] = [];
  await withSession(
    { traceparent },
    (context) =>
      operation(shop.bus, CHECKOUT, { cart: "c" }, async (op) => {
        seen.push(currentTrace(op)?.traceparent);
        await shop.bus.flush();
        seen.push(currentTrace(op)?.traceparent);
        // Nobody makes spans any more: it is that around it.
        shop.registration[Symbol.dispose]();
        operation(shop.bus, CHARGE, undefined, (charge) => {
          seen.push(currentTrace(charge)?.traceparent);
          return charge.end();
        }, { context: op });
        return op.end({ total: 1 });
      }, { context }),
  );
  shop.tracing.shutdown();
  const { spanId } = named(await shop.spans(), "checkout").spanContext();
  const own = `00-0af7651916cd43dd8448eb211c80319c-${spanId}-01`;
  assertEquals(seen, [traceparent, own, own]);
});

Deno.test("beside a catalog that was subscribed, both make their spans", async () => {
  const shop = tracedShop();
  const hand = byHand();
  operation(shop.bus, CHECKOUT, { cart: "c" }, (checkout) => {
    operation(shop.bus, STEP, undefined, (step) => step.end(), { context: checkout });
    return checkout.end({ total: 1 });
  });
  const spans = await shop.spans();
  assertEquals(
    named(spans, "step").parentSpanContext?.spanId,
    named(spans, "checkout").spanContext().spanId,
  );
  assertEquals(await hand.spans(), []);
});
