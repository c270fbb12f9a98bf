import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import { nextTurn } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

/**
 * Publishes events whose handling takes so many milliseconds each, within a budget of 4 ms.
 *
 * @returns how often each handler was seen to hold the event loop
 */
async function slowCounts(
  durationsMs: readonly number[],
  { alone = false, async = false } = {},
): Promise<Record<string, number>> {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  bus.subscribe("a", function handler({ metadata: ms }) {
    time.pass(ms);
    return async ? Promise.resolve().then(() => time.pass(10)) : undefined;
  });
  for (const ms of durationsMs) {
    bus.publish("a", ms);
    if (alone) await nextTurn();
  }
  await bus.stop();
  return { ...bus.slowHandlerCounts() };
}

Deno.test("once a call was slow, one that takes as long as the budget counts, one that takes less does not", async () => {
  assertEquals(await slowCounts([10, 3.5, 4]), { handler: 1 });
  assertEquals(await slowCounts([10, 3.5, 4], { alone: true }), { handler: 1 });
  // A bus's first calls are slow for once: nothing is compiled yet.
  assertEquals(await slowCounts([10, 3.5]), {});
});

Deno.test("quick calls that use the budget up together are nobody's fault", async () => {
  // It looks after 1, 3 and 7 calls.
  assertEquals(await slowCounts([0, 0, 0, 1.5, 1.5, 1.5, 1.5]), {});
});

Deno.test("after a slow one, the next sixteen calls are timed one by one", async () => {
  // It looks after 1, 3 and 7 calls, so that the first slow one is not known for sure.
  const quick = (count: number) => new Array<number>(count).fill(0);
  assertEquals(await slowCounts([0, 0, 0, 0, 10, 0, 0, ...quick(15), 10]), { handler: 1 });
  assertEquals(await slowCounts([0, 0, 0, 0, 10, 0, 0, ...quick(17), 10, 0, 0]), {});
});

Deno.test("what an async handler does later is not taken for its call", async () => {
  assertEquals(await slowCounts([0, 0, 0, 0], { async: true }), {});
  assertEquals(await slowCounts([0, 4, 0, 4, 0], { async: true }), { handler: 2 });
});

Deno.test("what the publisher does between a publish and the slice is not taken for the handler's", async () => {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  bus.subscribe("a", ({ metadata: again }) => {
    if (again) bus.publish("a", false);
  });
  for (let i = 0; i < 10; i++) {
    bus.publish("a", true);
    time.pass(10);
    await nextTurn();
  }
  await bus.stop();
  assertEquals({ ...bus.slowHandlerCounts() }, {});
});

Deno.test("who holds the event loop is named in the log, with the time", async () => {
  using time = steeredTime();
  const logger = new MemoryLogger();
  const bus = new EventBus({ drainBudgetMs: 4, logger }).start();
  bus.subscribe("a", function parse() {
    time.pass(12.5);
  });
  for (let i = 0; i < 2; i++) bus.publish("a");
  await bus.stop();
  assertStringIncludes(logger.lines.join(), "busbar: parse held the event loop for 12.5 ms");
});
