import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

/** `performance.now` that only handlers move, so that no machine is too busy for the test. */
function steeredTime() {
  const { now } = performance;
  const base = now.call(performance);
  let passedMs = 0;
  performance.now = () => base + passedMs;
  return {
    pass: (ms: number) => passedMs += ms,
    [Symbol.dispose]: () => {
      performance.now = now;
    },
  };
}

Deno.test("once a slow event was seen, the handlers of the next sixteen are timed", async () => {
  const slowEvents = async (slowAt: readonly number[]) => {
    using time = steeredTime();
    const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
    let event = 0;
    bus.subscribe("a", function handler() {
      // The one between brings the drain to look at its clock after each event.
      time.pass(slowAt.includes(event++) ? 10 : 0.5);
    });
    for (let i = 0; i < 40; i++) bus.publish("a");
    await bus.flush();
    await bus.stop();
    return bus.slowHandlerCounts()["handler"] ?? 0;
  };
  // The first is only seen by the drain; those after it are timed.
  assertEquals(await slowEvents([0]), 0);
  assertEquals(await slowEvents([0, 1]), 1);
  assertEquals(await slowEvents([0, 16]), 1);
  assertEquals(await slowEvents([0, 17]), 0);
});
