import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { getEventBus } from "@busbar/busbar/library";
import { currentBaggage, currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, type ShopEvents, STEP } from "../support/contexts.ts";
import { tracedShop } from "../support/shop_spans.ts";
import { parentOf } from "../support/tracing_bus.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** A bus that no application has set up, and one that was switched off. */
const buses = () => [
  getEventBus<ShopEvents>(),
  new EventBus<ShopEvents>({ enabled: false }),
];

Deno.test("on a disabled bus the function is called, and nothing published", async () => {
  for (const bus of buses()) {
    assertEquals(operation(bus, CHARGE, undefined, (op) => op.end(undefined, 1)), 1);
    const value = await operation(bus, CHECKOUT, { cart: "c1" }, async (op) => {
      await null;
      return op.end({ total: 1 }, 2);
    });
    assertEquals(value, 2);
    assertEquals(bus.stats().published, 0);
  }
});

Deno.test("on a disabled bus a throw is thrown on, and a forgotten end no error", async () => {
  const error = new Error("no");
  for (const bus of buses()) {
    await assertRejects(() => operation(bus, CHARGE, undefined, () => Promise.reject(error)));
    const forgetful = (() => 3) as never;
    assertStrictEquals(operation(bus, CHARGE, undefined, forgetful), 3 as never);
  }
});

Deno.test("on a disabled bus the session and the caller's trace are handed on", () => {
  for (const bus of buses()) {
    withSession(
      { sessionId: "s", traceparent: TRACEPARENT },
      (session) =>
        operation(bus, CHARGE, undefined, (op) => {
          assertEquals([op.sessionId, op.operationId], ["s", ""]);
          assertEquals(currentTrace(op)?.traceparent, TRACEPARENT);
          return op.end();
        }, { context: session }),
    );
  }
});

Deno.test("on a disabled bus, in no session, there is no id and no baggage", () => {
  for (const bus of buses()) {
    operation(bus, CHARGE, undefined, (op) => {
      assertEquals([op.sessionId, op.operationId, { ...currentBaggage(op) }], ["", "", {}]);
      return op.end();
    });
  }
});

Deno.test("an operation on a disabled bus is none between others", async () => {
  for (const tracer of ["bus", "sdk"] as const) {
    for (const bus of buses()) {
      const shop = tracedShop({ tracer });
      const context = withSession({ baggage: { tenant: "a" } }, (session) => session);
      await operation(shop.bus, CHECKOUT, { cart: "c1" }, async (checkout) => {
        await shop.bus.flush();
        const trace = currentTrace(checkout)?.traceparent;
        operation(bus, STEP, undefined, (op) => {
          assertEquals(currentBaggage(op).tenant, "a");
          assertEquals(currentTrace(op)?.traceparent, trace);
          operation(shop.bus, CHARGE, undefined, (charge) => charge.end(), { context: op });
          return op.end();
        }, { context: checkout });
        return checkout.end({ total: 1 });
      }, { context });
      assertEquals(parentOf(await shop.spans(), "charge"), "checkout");
    }
  }
});
