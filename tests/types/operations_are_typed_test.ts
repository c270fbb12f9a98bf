import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { currentContext, operation } from "@busbar/busbar/context";

interface ShopEvents {
  "checkout.start": { cart: string };
  "checkout.end": { total: number; status: "ok" | "declined" };
  "charge.start": undefined;
  "charge.end": undefined;
}

const bus = new EventBus<ShopEvents>({ enabled: false, context: currentContext });
const CHECKOUT = ["checkout.start", "checkout.end"] as const;
const CHARGE = ["charge.start", "charge.end"] as const;

// Each `@ts-expect-error` fails the type check when the line under it compiles.
Deno.test("types, metadata and the end of an operation are checked", () => {
  const cases = () => {
    // @ts-expect-error no such type
    operation(bus, ["checkout.begin", "checkout.end"], { cart: "" }, (op) => op.end());
    // @ts-expect-error no such type
    operation(bus, ["checkout.start", "checkout.done"], { cart: "" }, (op) => op.end());
    // @ts-expect-error the start's metadata is of another shape
    operation(bus, CHECKOUT, { basket: "" }, (op) => op.end({ total: 1, status: "ok" }));
    // @ts-expect-error the end's metadata is missing
    operation(bus, CHECKOUT, { cart: "" }, (op) => op.end());
    // @ts-expect-error the end's metadata lacks a field
    operation(bus, CHECKOUT, { cart: "" }, (op) => op.end({ total: 1 }));
    // @ts-expect-error the end's metadata has another value
    operation(bus, CHECKOUT, { cart: "" }, (op) => op.end({ total: 1, status: "open" }));
    // @ts-expect-error the end is forgotten
    operation(bus, CHECKOUT, { cart: "" }, () => {});
    // @ts-expect-error the end is forgotten
    operation(bus, CHECKOUT, { cart: "" }, async () => await 1);
    operation(bus, CHARGE, undefined, (charge) => {
      // @ts-expect-error the end is that of another operation
      operation(bus, CHECKOUT, { cart: "" }, () => charge.end());
      return charge.end();
    });
    // @ts-expect-error one branch forgets the end
    operation(bus, CHARGE, undefined, (op) => Math.random() < 2 ? op.end() : undefined);
    operation(bus, CHECKOUT, { cart: "" }, (op) => op.end({ total: 1, status: "ok" }), {
      // @ts-expect-error failed gives other metadata
      failed: { total: "1" },
    });
  };
  assertEquals(typeof cases, "function");
});

Deno.test("what an operation returns has the type of the value that it ends with", async () => {
  const text: string = operation(bus, CHARGE, undefined, (op) => op.end(undefined, "a"));
  const nothing: undefined = operation(bus, CHARGE, undefined, (op) => op.end());
  const number: number = await operation(bus, CHARGE, undefined, async (op) => {
    await null;
    return op.end(undefined, 5);
  });
  const either: number | string = operation(
    bus,
    CHARGE,
    undefined,
    (op) => number > 4 ? op.end(undefined, "more") : op.end(undefined, 1),
  );
  // @ts-expect-error it is a text
  const wrong: number = operation(bus, CHARGE, undefined, (op) => op.end(undefined, "a"));
  const failed: number = operation(
    bus,
    ["checkout.start", "checkout.end"],
    { cart: "c1" },
    (op) => op.end({ total: 1, status: "ok" }, 1),
    { failed: { total: 0, status: "declined" } },
  );
  assertEquals(failed, 1);
  assertEquals([text, nothing, number, either, wrong], ["a", undefined, 5, "more", "a" as never]);
});

Deno.test("a library's bus of some events, and an untyped one, are taken", () => {
  const untyped = new EventBus({ enabled: false });
  const value: number = operation(
    untyped,
    ["a", "b"],
    { any: 1 },
    (op) => op.end({ at: "all" }, 7),
  );
  assertEquals(value, 7);
});
