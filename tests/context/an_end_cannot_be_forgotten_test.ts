import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { operation } from "@busbar/busbar/context";
import { capturedWarnings } from "../support/captured_warnings.ts";
import { CHARGE, CHECKOUT, contextBus, type ShopEvents } from "../support/contexts.ts";

const declined = new RangeError("declined");

/** The ends that were published for a function of whatever kind. */
async function endsOf(
  fn: (op: { end(metadata: ShopEvents["checkout.end"]): unknown }) => unknown,
  failed?: ShopEvents["checkout.end"],
) {
  const { bus, recorded } = contextBus();
  let thrown: unknown;
  let value: unknown;
  try {
    value = await operation(bus, CHECKOUT, { cart: "c1" }, fn as never, { failed });
  } catch (error) {
    thrown = error;
  }
  await bus.stop();
  const ends = recorded.events.filter(({ type }) => type === "checkout.end");
  const ids = new Set(recorded.events.map(({ sessionId, operationId }) => sessionId + operationId));
  return {
    ends: ends.map(({ metadata }) => metadata as unknown as { error?: Error; total?: number }),
    thrown,
    value,
    pairs: ids.size,
  };
}

Deno.test("who throws ends with the error, and throws it on", async () => {
  const ways: Record<string, () => unknown> = {
    synchronously: () => {
      throw declined;
    },
    asynchronously: () => Promise.reject(declined),
    "as something that is awaited": () => ({
      then: (_: unknown, reject: (error: Error) => void) => reject(declined),
    }),
    "from a getter": () => ({
      get then() {
        throw declined;
      },
    }),
  };
  for (const [how, fn] of Object.entries(ways)) {
    const { ends, thrown, pairs } = await endsOf(fn);
    assertEquals(ends.length, 1, how);
    assertStrictEquals(ends[0]?.error, declined, how);
    assertStrictEquals(thrown, declined, how);
    assertEquals(pairs, 1, how);
  }
});

Deno.test("a synchronous throw stays one", async () => {
  const { bus, recorded } = contextBus();
  assertThrows(
    () =>
      operation(bus, CHARGE, undefined, () => {
        throw declined;
      }),
    RangeError,
    "declined",
  );
  await assertRejects(
    () => operation(bus, CHARGE, undefined, () => Promise.reject(declined)),
    RangeError,
  );
  await bus.stop();
  assertEquals(recorded.events.length, 4);
});

Deno.test("whatever is thrown, the end has an Error", async () => {
  const hostile = new Proxy({}, {
    get() {
      throw new Error("do not touch");
    },
    getPrototypeOf() {
      throw new Error("do not touch");
    },
  });
  const texts: [thrown: unknown, message: RegExp][] = [
    ["a text", /^a text$/],
    [undefined, /^undefined$/],
    [5, /^5$/],
    [hostile, /^object$/],
    ["x".repeat(1_000_000), /^x{200}… \(999800 more\)$/],
  ];
  for (const [thrown, message] of texts) {
    const { ends, thrown: thrownOn } = await endsOf(() => {
      throw thrown;
    });
    assertStrictEquals(thrownOn, thrown);
    assertEquals(ends[0]?.error instanceof Error, true);
    assertMatch(ends[0]!.error!.message, message);
  }
});

Deno.test("who returns without an end gets one that says so", async () => {
  for (const fn of [() => "value", () => Promise.resolve("value")]) {
    const { ends, value, pairs } = await endsOf(fn);
    assertEquals(ends.map(({ error }) => error?.message), [
      "The operation checkout.start returned without op.end, which publishes checkout.end",
    ]);
    assertEquals([value, pairs], ["value", 1]);
  }
});

Deno.test("who ends and throws then has the end that it published", async () => {
  const { ends, thrown } = await endsOf((op) => {
    op.end({ total: 1 });
    throw declined;
  });
  assertEquals(ends, [{ total: 1 }]);
  assertStrictEquals(thrown, declined);
});

Deno.test("the first of two ends counts, and the second is reported once", async () => {
  using warnings = capturedWarnings();
  const bus = new EventBus().start();
  const ends: unknown[] = [];
  bus.subscribe("twice.end", ({ metadata }) => ends.push(metadata));
  operation(bus, ["once.start", "once.end"], undefined, (op) => op.end());
  assertEquals(warnings.lines, []);
  for (let i = 0; i < 3; i++) {
    const value = operation(bus, ["twice.start", "twice.end"], undefined, (op) => {
      op.end({ total: 1 });
      return op.end({ total: 2 }, i);
    });
    assertEquals(value, i);
  }
  await bus.stop();
  assertEquals(ends, [{ total: 1 }, { total: 1 }, { total: 1 }]);
  assertEquals(warnings.lines, [
    "busbar: an operation was ended again with twice.end: its first end counts",
  ]);
});

Deno.test("an end that comes after the error was published is not another one", async () => {
  using _warnings = capturedWarnings();
  let late: (() => unknown) | undefined;
  const { ends } = await endsOf((op) => {
    late = () => op.end({ total: 1 });
    throw declined;
  });
  late?.();
  assertEquals(ends.length, 1);
});

Deno.test("failed says what else the end has", async () => {
  const { ends, pairs } = await endsOf(() => Promise.reject(declined), { total: 0 });
  assertEquals(ends, [{ total: 0, error: declined }]);
  assertEquals(pairs, 1);
  const { ends: forgotten } = await endsOf(() => 1, { total: 0 });
  assertEquals(forgotten[0]?.total, 0);
  const { ends: good } = await endsOf((op) => op.end({ total: 1 }), { total: 0 });
  assertEquals(good, [{ total: 1 }]);
});
