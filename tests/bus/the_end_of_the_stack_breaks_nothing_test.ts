import { assertEquals } from "@std/assert";
import { EventBus, type OverflowPolicy } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

/**
 * Calls it at the end of the stack, and then again and again with a little more room each time.
 *
 * @param padding how much longer each frame is, so that the end comes elsewhere in the call
 */
function atTheEndOfTheStack(call: () => void, padding: number): void {
  const unused = Array(padding).fill(0);
  let left = 1_000;
  const deeper = (..._unused: unknown[]): void => {
    try {
      deeper(...unused);
    } catch {
      // It was the end.
    }
    if (left === 0) return;
    left--;
    try {
      call();
    } catch {
      // There was too little room.
    }
  };
  deeper();
}

const publish = (bus: EventBus) => void bus.publish("a");
/** It asks for no time, which needs more room than all the rest. */
const publishTimed = (bus: EventBus) => void bus.publish("a", undefined, { timestamp: 1 });

/** What is done there, and by which policy, in a queue of four. */
const CALLS: Readonly<Record<string, readonly [OverflowPolicy, (bus: EventBus) => void]>> = {
  "publishes": ["drop-newest", publishTimed],
  "publishes that drop older events": ["drop-oldest", publishTimed],
  "inline dispatches": ["inline", publish],
  "flushSync": ["drop-newest", (bus) => {
    publishTimed(bus);
    bus.flushSync();
  }],
};

for (const [what, [overflow, call]] of Object.entries(CALLS)) {
  Deno.test(`${what} where the stack ends leave a bus that delivers and counts`, async () => {
    for (let round = 0; round < 30; round++) {
      const bus = new EventBus({ maxQueueSize: 4, overflow, logger: new MemoryLogger() }).start();
      let delivered = 0;
      bus.subscribe("a", () => delivered++);
      atTheEndOfTheStack(() => call(bus), round);
      assertEquals(await bus.flush(), true);
      delivered = 0;
      // As many as fit into the queue, or twice as many where that makes room.
      const more = overflow === "inline" ? 8 : 4;
      for (let i = 0; i < more; i++) assertEquals(bus.publish("a"), true);
      assertEquals(await bus.flush(), true);
      assertEquals(delivered, more);
      const stats = bus.stats();
      assertEquals([stats.pending, stats.delivered + stats.dropped.evicted], [0, stats.accepted]);
      assertEquals(stats.published, stats.accepted + stats.rejected.queue_full);
      assertEquals((await bus.stop()).timedOut, false);
    }
  });
}
