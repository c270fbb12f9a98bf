import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger, RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn } from "../../src/internal/turns.ts";
import { type SteeredTime, steeredTime } from "../support/steered_time.ts";

const turn = () => new Promise<void>(nextTurn);

/** A bus with handlers that take 2 ms each, and who was called. */
function withSlowHandlers(time: SteeredTime, count: number) {
  const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
  const called: number[] = [];
  for (let i = 0; i < count; i++) {
    bus.subscribe("a", () => {
      called.push(i);
      time.pass(2);
    });
  }
  return { bus, called };
}

Deno.test("a slice ends between the handlers of one event", async () => {
  using time = steeredTime();
  const { bus, called } = withSlowHandlers(time, 7);
  const perSlice: number[] = [];
  let before = 0;
  class Slices extends RecordingSubscriber {
    override onDrain(): void {
      perSlice.push(called.length - before);
      before = called.length;
    }
  }
  bus.registerSubscriber(new Slices(["b"]));
  bus.publish("a");
  while (bus.stats().pending > 0) await turn();
  assertEquals([called, perSlice], [[0, 1, 2, 3, 4, 5, 6], [2, 2, 2, 1]]);
  await bus.stop();
});

Deno.test("an event is pending until its last handler was called, and nobody new hears the rest of it", async () => {
  using time = steeredTime();
  const { bus, called } = withSlowHandlers(time, 5);
  bus.publish("a");
  await Promise.resolve();
  assertEquals(called, [0, 1]);
  assertEquals([bus.queueDepth, bus.stats().pending, bus.stats().delivered], [0, 1, 0]);
  bus.subscribe("a", () => called.push(99));
  await bus.flush();
  assertEquals(called, [0, 1, 2, 3, 4]);
  assertEquals([bus.stats().pending, bus.stats().delivered], [0, 1]);
  await bus.stop();
});

Deno.test("what comes later waits for the rest of an event", async () => {
  using time = steeredTime();
  const { bus, called } = withSlowHandlers(time, 3);
  bus.subscribe("b", () => called.push(50));
  bus.publish("a");
  bus.publish("b");
  await bus.flush();
  assertEquals(called, [0, 1, 2, 50]);
  await bus.stop();
});

Deno.test("flushSync calls the rest", async () => {
  using time = steeredTime();
  const { bus, called } = withSlowHandlers(time, 5);
  bus.publish("a");
  await Promise.resolve();
  assertEquals(bus.flushSync(), true);
  assertEquals([called, bus.stats().delivered], [[0, 1, 2, 3, 4], 1]);
  await bus.stop();
});

Deno.test("an event that a stop cuts short within its handlers is dropped, and counted", async () => {
  using time = steeredTime();
  const { bus, called } = withSlowHandlers(time, 5);
  bus.publish("a");
  bus.publish("a");
  await Promise.resolve();
  const report = await bus.stop({ signal: AbortSignal.abort() });
  assertEquals(called, [0, 1]);
  assertEquals([report.delivered, report.leftOver, report.dropped], [0, 2, 2]);
  const { accepted, delivered, dropped, pending } = bus.stats();
  assertEquals([accepted, delivered, dropped.shutdown, pending], [2, 0, 2, 0]);
});

Deno.test("a producer that fills the queue while an event is half done loses nothing inline", async () => {
  using time = steeredTime();
  const bus = new EventBus({
    drainBudgetMs: 4,
    maxQueueSize: 2,
    overflow: "inline",
    logger: new MemoryLogger(),
  }).start();
  const seen: string[] = [];
  for (const name of ["first", "second", "third"]) {
    bus.subscribe("a", ({ metadata }) => {
      seen.push(`${metadata} ${name}`);
      time.pass(2);
    });
  }
  bus.publish("a", 1);
  await Promise.resolve();
  for (const i of [2, 3, 4]) assertEquals(bus.publish("a", i), true);
  await bus.stop();
  const expected = [1, 2, 3, 4].flatMap((i) => [`${i} first`, `${i} second`, `${i} third`]);
  assertEquals(seen, expected);
});

for (const awaits of [1, 2, 5]) {
  Deno.test(`what async handlers do after ${awaits} awaits in the same turn counts`, async () => {
    using time = steeredTime();
    const bus = new EventBus({ drainBudgetMs: 4, logger: new MemoryLogger() }).start();
    let [ended, most, endedBefore] = [0, 0, 0];
    class Slices extends RecordingSubscriber {
      override onDrain(): void {
        most = Math.max(most, ended - endedBefore);
        endedBefore = ended;
      }
    }
    bus.registerSubscriber(new Slices(["b"]));
    bus.subscribe("a", async () => {
      for (let i = 0; i < awaits; i++) await null;
      time.pass(2);
      ended++;
    });
    for (let i = 0; i < 100; i++) bus.publish("a");
    while (ended < 100) await turn();
    // Four are called between two looks at the clock, and those of the last looks have begun.
    assertEquals(most > 0 && most <= 4 * (awaits + 1), true, `${most} from slice to slice`);
    await bus.stop();
  });
}

Deno.test("an event that async handlers hear alone waits for nobody", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  const order: string[] = [];
  bus.subscribe("a", async () => {
    order.push("called");
    await new Promise(() => {});
  });
  bus.publish("a");
  await Promise.resolve();
  assertEquals([order, bus.stats().pending], [["called"], 0]);
  await bus.stop({ timeoutMs: 0 });
});
