import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { getEventBus } from "@busbar/busbar/library";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, type ShopEvents } from "../support/contexts.ts";

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
