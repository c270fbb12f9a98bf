import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { delay } from "@std/async";
import { EventBus } from "@busbar/busbar";
import { currentContext, currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, contextBus, type ShopEvents } from "../support/contexts.ts";
import { tracedShop } from "../support/shop_spans.ts";

Deno.test("what is published within an operation belongs to it", async () => {
  const { bus, recorded } = contextBus();
  await withSession(
    { sessionId: "s" },
    () =>
      Promise.all(
        ["a", "b", "c"].map((cart, i) =>
          operation(bus, CHECKOUT, { cart }, async (op) => {
            for (let turn = 0; turn < i; turn++) await delay(0);
            bus.publish("note", { text: op.operationId });
            return op.end({ total: i });
          })
        ),
      ),
  );
  await bus.stop();
  const notes = recorded.events.flatMap((event) => event.type === "note" ? [event] : []);
  assertEquals(notes.length, 3);
  assertEquals(new Set(notes.map(({ operationId }) => operationId)).size, 3);
  for (const { sessionId, operationId, metadata } of notes) {
    assertEquals([sessionId, operationId], ["s", metadata.text]);
  }
});

Deno.test("an operation within another has its session, and an id of its own", async () => {
  const { bus } = contextBus();
  await operation(bus, CHECKOUT, { cart: "c1" }, async (outer) => {
    await delay(0);
    await operation(bus, CHARGE, undefined, async (inner) => {
      await delay(0);
      assertEquals(inner.sessionId, outer.sessionId);
      assert(inner.operationId !== outer.operationId);
      assertEquals(currentContext()?.operationId, inner.operationId);
      return inner.end();
    });
    assertEquals(currentContext()?.operationId, outer.operationId);
    return outer.end({ total: 1 });
  });
  assertEquals(currentContext(), undefined);
  await bus.stop();
});

Deno.test("two operations one after the other, in no session, have a session each", async () => {
  const { bus, recorded } = contextBus();
  for (let i = 0; i < 2; i++) operation(bus, CHARGE, undefined, (op) => op.end());
  await bus.stop();
  assertEquals(new Set(recorded.events.map(({ sessionId }) => sessionId)).size, 2);
});

Deno.test("spans find their parents with nothing handed on, and requests their trace", async () => {
  for (const tracer of ["bus", "sdk"] as const) {
    const shop = tracedShop({ tracer });
    const traces: (string | undefined)[] = [];
    await Promise.all(
      ["a", "b", "c"].map((cart) =>
        operation(shop.bus, CHECKOUT, { cart }, async (checkout) => {
          await delay(0);
          await operation(shop.bus, CHARGE, undefined, async (charge) => {
            await shop.bus.flush();
            traces.push(currentTrace()?.traceparent.slice(36, 52));
            return charge.end();
          });
          return checkout.end({ total: 1 });
        })
      ),
    );
    const spans = await shop.spans();
    const idsOf = (name: string) =>
      spans.filter((span) => span.name === name).map((span) => span.spanContext().spanId)
        .toSorted();
    const parents = spans.flatMap(({ parentSpanContext }) => parentSpanContext?.spanId ?? []);
    assertEquals(parents.toSorted(), idsOf("checkout"));
    assertEquals(traces.toSorted(), idsOf("charge"));
  }
});

Deno.test("on a disabled bus what is current stays current", () => {
  const bus = new EventBus<ShopEvents>({ enabled: false });
  withSession({ sessionId: "s" }, (session) => {
    operation(bus, CHARGE, undefined, (op) => {
      assertStrictEquals(currentContext(), session);
      return op.end();
    });
  });
});
