import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { currentContext, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, contextBus } from "../support/contexts.ts";

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
