import { assertEquals } from "@std/assert";
import { EventBus, type EventBusOptions } from "@busbar/busbar";
import { MemoryLogger, RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn } from "../../src/internal/turns.ts";
import { steeredTime } from "../support/steered_time.ts";

const turn = () => new Promise<void>(nextTurn);

/**
 * Publishes events whose handling takes so many milliseconds each.
 *
 * @returns how many each slice delivered
 */
async function slicesOf(
  durationsMs: readonly number[],
  options: EventBusOptions,
): Promise<number[]> {
  using time = steeredTime();
  const bus = new EventBus({ logger: new MemoryLogger(), ...options }).start();
  let delivered = 0;
  const slices: number[] = [];
  class Slices extends RecordingSubscriber {
    override onDrain(): void {
      slices.push(delivered);
      delivered = 0;
    }
  }
  bus.subscribe("a", ({ metadata: ms }) => {
    delivered++;
    time.pass(ms);
  });
  bus.registerSubscriber(new Slices([]));
  for (const ms of durationsMs) bus.publish("a", ms);
  while (bus.queueDepth > 0) await turn();
  await bus.stop();
  return slices;
}

const times = (count: number, ms: number): number[] => new Array(count).fill(ms);

Deno.test("a slice ends once its budget is spent, and not before", async () => {
  assertEquals(await slicesOf([4, 4, 4], { drainBudgetMs: 4 }), [1, 1, 1]);
  assertEquals(await slicesOf([3.5, 3.5, 3.5], { drainBudgetMs: 4 }), [2, 1]);
});

Deno.test("the budget of the bus's clock is spent in the same way", async () => {
  let nowMs = 0;
  const bus = new EventBus({
    clock: () => nowMs,
    drainBudgetMs: 60_000,
    logger: new MemoryLogger(),
  }).start();
  let delivered = 0;
  bus.subscribe("a", () => {
    delivered++;
    nowMs += 60_000;
  });
  for (let i = 0; i < 4; i++) bus.publish("a");
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(delivered, 1);
  await bus.stop();
});

Deno.test("while events are quick, the clock is looked at twice as late each time, every 32 at last", async () => {
  // After 1, 3, 7, 15 and 31 events, then after 63.
  const slices = await slicesOf([...times(31, 0), 10, ...times(50, 0)], { drainBudgetMs: 4 });
  assertEquals(slices, [63, 19]);
});

Deno.test("while events take more than a 512th of the budget each, it is looked at after each", async () => {
  const after = async (quickMs: number) => {
    const durationsMs = [...times(5, quickMs), 600, ...times(60, 0)];
    return (await slicesOf(durationsMs, { drainBudgetMs: 512 }))[0];
  };
  assertEquals(await after(1.25), 6);
  assertEquals(await after(1), 7);
});

Deno.test("a slice of quick events after slow ones is looked at less often again", async () => {
  // Two slow ones; the third is quick, so that the next two are looked at together.
  const durationsMs = [1, 1, 0, 600, ...times(60, 0)];
  assertEquals((await slicesOf(durationsMs, { drainBudgetMs: 256 }))[0], 5);
});

Deno.test("a slice begins with four events at most, however quick those before it were", async () => {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  let delivered = 0;
  bus.subscribe("a", ({ metadata: ms }) => {
    delivered++;
    time.pass(ms);
  });
  for (let i = 0; i < 100; i++) bus.publish("a", 0);
  await bus.flush();
  delivered = 0;
  for (let i = 0; i < 100; i++) bus.publish("a", 1);
  await Promise.resolve();
  assertEquals(delivered, 4);
  await bus.stop();
});

for (const [maxQueueSize, most] of [[5, 10_000], [20_000, 20_000]] as const) {
  Deno.test(`where the clocks stand still, a turn delivers ${most} events of a queue of ${maxQueueSize}`, async () => {
    using _time = steeredTime();
    const bus = new EventBus({ maxQueueSize, clock: () => 0, logger: new MemoryLogger() }).start();
    let delivered = 0;
    let going = true;
    bus.subscribe("a", async () => {
      delivered++;
      await null;
      if (going) bus.publish("a");
    });
    bus.publish("a");
    for (let i = 0; i < 5 * most; i++) await null;
    // A later turn of the bus need not be one of the test's.
    const counts = new Set([delivered]);
    while (counts.size < 3) {
      await turn();
      counts.add(delivered);
    }
    going = false;
    assertEquals(Math.min(...counts), most);
    assertEquals([...counts].map((count) => count % most), [0, 0, 0]);
    await bus.stop();
  });
}

Deno.test("a flush that runs out of time leaves an unstarted bus to wait again, and drops nothing", async () => {
  using time = steeredTime();
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() });
  const controller = new AbortController();
  let delivered = 0;
  bus.subscribe("a", () => {
    delivered++;
    time.pass(10);
    controller.abort();
  });
  for (let i = 0; i < 3; i++) bus.publish("a");
  assertEquals(await bus.flush({ signal: controller.signal }), false);
  for (let i = 0; i < 3; i++) await turn();
  assertEquals([delivered, bus.queueDepth, bus.stats().dropped.shutdown], [1, 2, 0]);
  await bus.stop();
  assertEquals(delivered, 3);
});
