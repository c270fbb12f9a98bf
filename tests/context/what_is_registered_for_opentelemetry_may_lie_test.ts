import { assertEquals } from "@std/assert";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { CHECKOUT } from "../support/contexts.ts";
import { tracedShop } from "../support/shop_spans.ts";

const REGISTRY = Symbol.for("opentelemetry.js.api.1");
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const fail = (): never => {
  throw new Error("no");
};
const throwing = new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail });
const context = (span: unknown) => {
  const one = { getValue: () => span, setValue: () => one };
  return one;
};
const withActive = (active: () => unknown) => ({
  context: { active, with: (_context: unknown, fn: () => unknown) => fn() },
});
const spanOf = (told: unknown) => withActive(() => context({ spanContext: () => told }));

const LIES: readonly unknown[] = [
  null,
  7,
  throwing,
  { context: throwing },
  { context: null },
  { context: { active: 1, with: 2 } },
  withActive(fail),
  withActive(() => undefined),
  withActive(() => context(throwing)),
  withActive(() => context(7)),
  withActive(() => context({ spanContext: fail })),
  spanOf(undefined),
  spanOf(throwing),
  spanOf({ traceId: 1, spanId: {}, traceFlags: "x" }),
  spanOf({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 1 }),
  { context: { active: () => context(undefined), with: fail } },
  { context: { active: () => context(undefined), with: () => undefined } },
  { context: { active: () => ({ getValue() {}, setValue: fail }), with: fail } },
];

Deno.test("whatever is registered for OpenTelemetry, an operation runs once and is its caller's child", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, REGISTRY);
  for (const lie of LIES) {
    const shop = tracedShop();
    let calls = 0;
    Object.defineProperty(globalThis, REGISTRY, { value: lie, configurable: true, writable: true });
    try {
      withSession({ traceparent: TRACEPARENT }, (session) => {
        assertEquals(currentTrace(session)?.traceparent, TRACEPARENT);
        return operation(shop.bus, CHECKOUT, { cart: "c" }, (op) => {
          calls++;
          return op.end({ total: 1 });
        }, { context: session });
      });
    } finally {
      if (before === undefined) Reflect.deleteProperty(globalThis, REGISTRY);
      else Object.defineProperty(globalThis, REGISTRY, before);
    }
    const spans = await shop.spans();
    assertEquals([calls, spans.length], [1, 1]);
    assertEquals(spans[0]?.parentSpanContext?.spanId, TRACEPARENT.slice(36, 52));
  }
});

Deno.test("what the function throws is thrown on, and it is not called again", () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, REGISTRY);
  let calls = 0;
  Object.defineProperty(globalThis, REGISTRY, {
    value: withActive(() => context(undefined)),
    configurable: true,
  });
  try {
    withSession({ traceparent: TRACEPARENT }, () => {
      calls++;
      throw new RangeError("mine");
    });
  } catch (error) {
    assertEquals([calls, (error as Error).message], [1, "mine"]);
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, REGISTRY);
    else Object.defineProperty(globalThis, REGISTRY, before);
  }
  assertEquals(calls, 1);
});
