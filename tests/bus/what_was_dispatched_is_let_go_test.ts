import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import { BoundedQueue } from "../../src/bus/bounded_queue.ts";
import { nextTurn } from "../support/quiet_bus.ts";
import { collectGarbage } from "../support/garbage.ts";

/** Publishes events with metadata that nobody else holds. */
function publish(bus: EventBus, count: number): WeakRef<object>[] {
  return Array.from({ length: count }, () => {
    const metadata = { text: "metadata" };
    bus.publish("a", metadata);
    return new WeakRef(metadata);
  });
}

Deno.test("a queue holds nothing of events that it has given away", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.subscribe("a", () => {});
  const published = publish(bus, 20);
  await bus.flush();
  await nextTurn(); // a reference that was read stays alive until its turn is over
  collectGarbage();
  assertEquals(published.filter((metadata) => metadata.deref() !== undefined).length, 0);
  assertEquals(bus.queueDepth, 0);
  await bus.stop();
});

Deno.test("a million items that came and went leave nothing behind, with timestamps of their own or not", () => {
  const queue = new BoundedQueue<number>(10);
  const pass = (count: number) => {
    for (let i = 0; i < count; i++) {
      queue.push(i, i % 2 === 0);
      queue.shift();
    }
  };
  // Compiled code counts as heap on Bun, and so do threads that compile.
  pass(100_000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  pass(1_000_000);
  collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  assertEquals(queue.size, 0); // it is still there
  // Half of what a reference to each would take.
  assert(kept < 4_000_000, `${kept} bytes`);
});

Deno.test("a hundred thousand async calls that have ended leave nothing behind", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.subscribe("a", async () => await null);
  const publishAll = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 1_000; i++) bus.publish("a");
      await bus.flush();
    }
  };
  await publishAll(5);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await publishAll(100);
  collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  assert(kept < 2_000_000, `${kept} bytes`);
  await bus.stop();
});
