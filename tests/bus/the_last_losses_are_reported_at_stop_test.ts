import { assertEquals } from "@std/assert";
import { type BusDrop, EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import { nextTurn } from "../support/quiet_bus.ts";

Deno.test("losses that no bus:drop has named yet are in one at the end of a stop", async () => {
  const logger = new MemoryLogger();
  // A clock that stands still: the reports back off for ever.
  const bus = new EventBus({ maxQueueSize: 1, clock: () => 1_000, logger });
  const drops: BusDrop[] = [];
  bus.addEventListener("bus:drop", ({ detail }) => drops.push(detail));
  bus.publish("queued");
  bus.publish("first"); // lost, and reported
  await nextTurn();
  assertEquals(drops.length, 1);
  const stopped = bus.stop();
  bus.publish("late"); // lost while the bus stops: too soon after the first report for another
  await stopped;
  assertEquals(drops.map(({ lostByType }) => ({ ...lostByType })), [{ first: 1 }, { late: 1 }]);
  assertEquals(drops.at(-1)?.rejected, { queue_full: 0, stopped: 1, reserved: 0 });
});
