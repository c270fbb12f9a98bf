import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async";
import { type Operation, operation, withSession } from "@busbar/busbar/context";
import { CHARGE, CHECKOUT, contextBus } from "../support/contexts.ts";

Deno.test("an operation publishes its start, calls its function, publishes its end, gives its value", async () => {
  const { bus, recorded } = contextBus();
  const value = await operation(bus, CHECKOUT, { cart: "c1" }, async (op) => {
    await delay(0);
    return op.end({ total: 42 }, "paid");
  });
  await bus.stop();
  assertEquals(value, "paid");
  const [start, end] = recorded.events;
  assertEquals(recorded.events.map(({ type, metadata }) => [type, metadata]), [
    ["checkout.start", { cart: "c1" }],
    ["checkout.end", { total: 42 }],
  ]);
  assertMatch(start!.operationId, /^[0-9a-f]{16}$/);
  assert(start!.sessionId !== "");
  assertEquals([end!.sessionId, end!.operationId], [start!.sessionId, start!.operationId]);
});

Deno.test("a synchronous one is done when it returns", async () => {
  const { bus, recorded } = contextBus();
  const value: number = operation(bus, CHARGE, undefined, (op) => op.end(undefined, 5));
  const nothing: undefined = operation(bus, CHARGE, undefined, (op) => {
    const ended = op.end();
    assertEquals(ended.type, "charge.end");
    return ended;
  });
  assertEquals([value, nothing], [5, undefined]);
  await bus.stop();
  assertEquals(
    recorded.events.map(({ type }) => type),
    ["charge.start", "charge.end", "charge.start", "charge.end"],
  );
});

Deno.test("each of many at the same time has an id of its own", async () => {
  const { bus, recorded } = contextBus();
  const session = withSession({ sessionId: "s" }, (session) => session);
  await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      operation(bus, CHECKOUT, { cart: `${i}` }, async (op) => {
        for (let turn = 0; turn < i % 3; turn++) await delay(0);
        return op.end({ total: i });
      }, { context: session })),
  );
  await bus.stop();
  const carts = new Map<string, string>();
  for (const event of recorded.events) {
    assertEquals(event.sessionId, "s");
    if (event.type === "checkout.start") carts.set(event.operationId, event.metadata.cart);
  }
  assertEquals(carts.size, 100);
  for (const event of recorded.events) {
    if (event.type !== "checkout.end") continue;
    assertEquals(carts.get(event.operationId), `${event.metadata.total}`);
  }
});

Deno.test("where no async context follows the code, an operation that is handed on is the context", async () => {
  const { bus, recorded } = contextBus({ context: undefined });
  const inner = (op: Operation<"checkout.end", { total: number }>) =>
    operation(bus, CHARGE, undefined, (charge) => {
      bus.publish("note", { text: "charged" }, charge);
      return charge.end();
    }, { context: op });
  operation(bus, CHECKOUT, { cart: "c1" }, (op) => {
    inner(op);
    bus.publish("note", { text: "done" }, op);
    return op.end({ total: 1 });
  }, { context: { sessionId: "s" } });
  await bus.stop();
  const idOf = (type: string) => recorded.events.find((event) => event.type === type)?.operationId;
  assertEquals(new Set(recorded.events.map(({ sessionId }) => sessionId)), new Set(["s"]));
  assert(idOf("charge.start") !== idOf("checkout.start"));
  const notes = recorded.events.filter(({ type }) => type === "note");
  assertEquals(
    notes.map(({ operationId }) => operationId),
    [idOf("charge.start"), idOf("checkout.start")],
  );
});

Deno.test("a context that is handed in is the whole context", async () => {
  const { bus, recorded } = contextBus();
  const init = {
    sessionId: "request",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "a=1",
  };
  await withSession(init, async () => {
    const context = { sessionId: "job" };
    await operation(bus, CHARGE, undefined, (op) => Promise.resolve(op.end()), { context });
    await operation(bus, CHARGE, undefined, () => Promise.reject(new Error("no")), { context })
      .catch(() => {});
  });
  await bus.stop();
  assertEquals(recorded.events.length, 4);
  for (const { sessionId, traceparent, tracestate } of recorded.events) {
    assertEquals([sessionId, traceparent, tracestate], ["job", undefined, undefined]);
  }
});

Deno.test("an end on a full queue or after the stop is lost and counted, as any event", async () => {
  const { bus } = contextBus({ maxQueueSize: 1 });
  assertEquals(operation(bus, CHARGE, undefined, (op) => op.end(undefined, 1)), 1);
  assertEquals(bus.stats().rejected.queue_full, 1);
  const value = await operation(bus, CHARGE, undefined, async (op) => {
    await bus.stop();
    return op.end(undefined, 2);
  });
  assertEquals(value, 2);
  assert(bus.stats().rejected.stopped >= 1);
});
