import { assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import type { EventBus, OverflowPolicy } from "@busbar/busbar";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

type Step = "publish" | "burst" | "subscribe" | "throw" | "republish" | "start" | "stop" | "turn";

function check(bus: EventBus): void {
  const { published, accepted, rejected, delivered, dropped, pending } = bus.stats();
  assertEquals(published, accepted + rejected.queue_full + rejected.stopped + rejected.reserved);
  assertEquals(accepted, delivered + dropped.evicted + dropped.shutdown + pending);
}

Deno.test("the ledger's equations hold at any moment of any program", async () => {
  const step = fc.constantFrom<Step>(
    "publish",
    "burst",
    "subscribe",
    "throw",
    "republish",
    "start",
    "stop",
    "turn",
  );
  const policy = fc.constantFrom<OverflowPolicy>("drop-newest", "drop-oldest", "inline");
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      policy,
      fc.integer({ min: 1, max: 20 }),
      async (steps, overflow, maxQueueSize) => {
        const { bus } = quietBus({ overflow, maxQueueSize, drainBudgetMs: 4 });
        let published = 0;
        const publish = () => {
          published++;
          bus.publish("a");
          check(bus);
        };
        for (const name of steps) {
          if (name === "publish") publish();
          else if (name === "burst") { for (let i = 0; i < 25; i++) publish(); }
          else if (name === "subscribe") bus.subscribe("a", () => check(bus));
          else if (name === "throw") {
            bus.subscribe("a", () => {
              throw new Error("no");
            });
          } else if (name === "republish") {
            let budget = 5;
            bus.subscribe("a", () => {
              if (budget-- > 0) publish();
            });
          } else if (name === "start") bus.start();
          else if (name === "stop") void bus.stop();
          else await nextTurn();
          check(bus);
        }
        await bus.stop();
        check(bus);
        assertEquals(bus.stats().pending, 0);
        assertEquals(bus.stats().published, published);
      },
    ),
  );
});

Deno.test("interleaved publishers never exceed the bound", async () => {
  const { bus } = quietBus({ maxQueueSize: 7, drainBudgetMs: 4 });
  bus.start();
  let deepest = 0;
  bus.subscribe("a", () => deepest = Math.max(deepest, bus.queueDepth));
  const publisher = async () => {
    for (let i = 0; i < 100; i++) {
      bus.publish("a");
      deepest = Math.max(deepest, bus.queueDepth);
      if (i % 3 === 0) await null;
    }
  };
  await Promise.all(Array.from({ length: 5 }, publisher));
  await bus.stop();
  assertEquals(deepest, 7);
  assertEquals(bus.stats().published, 500);
});
