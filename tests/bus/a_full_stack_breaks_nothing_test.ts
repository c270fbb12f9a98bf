import { assertEquals } from "@std/assert";
import { EventBus, type PublishInit } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

/** Calls `work` at every depth of the stack down to its end, from the deepest upwards. */
function atEveryDepth(work: () => void): void {
  try {
    atEveryDepth(work);
  } catch {
    // The end of the stack.
  }
  try {
    work();
  } catch {
    // Too near to it still.
  }
}

for (
  const [what, init] of [
    ["a publish", undefined],
    ["a publish with an init", { sessionId: "s" }],
  ] as const
) {
  Deno.test(`${what} at the end of the stack loses nothing that it has accepted, and the bus goes on`, async () => {
    const bus = new EventBus({ maxQueueSize: 100_000, logger: new MemoryLogger() }).start();
    let delivered = 0;
    bus.subscribe("a", () => delivered++);
    let accepted = 0;
    atEveryDepth(() => {
      if (bus.publish("a", undefined, init)) accepted++;
    });
    bus.publish("a");
    assertEquals(await bus.flush(), true);
    assertEquals(accepted > 500, true, `${accepted}`);
    const stats = bus.stats();
    assertEquals([delivered, stats.delivered, stats.pending], [stats.accepted, stats.accepted, 0]);
    // One that could not even return may have been queued.
    assertEquals(delivered >= accepted + 1, true);
    await bus.stop();
  });
}

Deno.test("a getter that publishes with itself for ever ends, and the bus goes on", async () => {
  const bus = new EventBus({ maxQueueSize: 100_000, logger: new MemoryLogger() }).start();
  let delivered = 0;
  bus.subscribe("a", () => delivered++);
  const init: PublishInit = {
    get sessionId() {
      bus.publish("a", undefined, init);
      return "s";
    },
  };
  assertEquals(bus.publish("a", undefined, init), true);
  assertEquals(await bus.flush(), true);
  assertEquals(delivered, bus.stats().accepted);
  assertEquals(bus.publish("a"), true);
  await bus.stop();
  assertEquals(delivered, bus.stats().accepted);
});
