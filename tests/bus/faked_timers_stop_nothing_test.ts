import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

/** What test frameworks put their own in the place of, which nobody winds on here. */
const FAKED = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "Date",
  "MessageChannel",
];

/** Clocks that stand still and timers that never come, until the end of the scope. */
function fakedTimers(): Disposable {
  class FakeDate extends Date {
    static override now = () => 0;
  }
  const fakes: Readonly<Record<string, unknown>> = {
    performance: { now: () => 0 },
    Date: FakeDate,
  };
  const real = FAKED.map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  );
  for (const [name, descriptor] of real) {
    if (descriptor === undefined) continue;
    const value = fakes[name] ?? (() => 0);
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  }
  return {
    [Symbol.dispose]: () => {
      for (const [name, descriptor] of real) {
        if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor);
      }
    },
  };
}

Deno.test("flush and stop come back where timers and clocks are faked", async () => {
  let delivered = 0;
  let results: unknown[] = [];
  {
    using _faked = fakedTimers();
    const bus = new EventBus({ logger: new MemoryLogger() }).start();
    bus.subscribe("a", () => delivered++);
    bus.subscribe("a", async () => {
      await null;
    });
    for (let i = 0; i < 5; i++) bus.publish("a");
    const flushed = await bus.flush();
    bus.subscribe("b", () => new Promise(() => {}));
    bus.publish("b");
    const late = await bus.flush({ timeoutMs: 1 });
    const { timedOut } = await bus.stop({ timeoutMs: 1 });
    results = [flushed, late, timedOut];
  }
  assertEquals([delivered, ...results], [5, true, false, true]);
});

Deno.test("what is left after a slice goes on where timers are faked", async () => {
  let delivered = 0;
  {
    using _faked = fakedTimers();
    const bus = new EventBus({ drainBudgetMs: 0.000_001, logger: new MemoryLogger() }).start();
    bus.subscribe("a", () => delivered++);
    for (let i = 0; i < 50; i++) bus.publish("a");
    await bus.stop();
  }
  assertEquals(delivered, 50);
});
