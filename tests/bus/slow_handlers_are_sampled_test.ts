import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import { steeredTime } from "../support/steered_time.ts";

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

Deno.test("a sampled call that takes as long as the budget counts, one that takes less does not", async () => {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  bus.subscribe("a", function handler({ metadata: ms }) {
    time.pass(ms);
  });
  for (const ms of [10, 3.5, 4, 0]) bus.publish("a", ms);
  await bus.stop();
  assertEquals({ ...bus.slowHandlerCounts() }, { handler: 1 });
});

Deno.test("many quick calls that use the budget up together are no reason to look closer", async () => {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  bus.subscribe("a", function handler({ metadata: ms }) {
    time.pass(ms);
  });
  for (const ms of [1.5, 1.5, 1.5, 10, 0]) bus.publish("a", ms);
  await bus.stop();
  assertEquals({ ...bus.slowHandlerCounts() }, {});
});
