import { assert, assertEquals } from "@std/assert";
import type { EventBus, OverflowPolicy } from "@busbar/busbar";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

const MAX_QUEUE_SIZE = 8;
const EVENTS = 50;

const policies: OverflowPolicy[] = ["drop-newest", "drop-oldest", "inline"];
const audiences = { none: 0, one: 1, many: 3 };
const loads = ["burst", "steady", "re-entrant"] as const;

/** Publishes numbered events in the way the load says. */
async function publishAll(bus: EventBus, load: typeof loads[number]): Promise<void> {
  if (load === "re-entrant") {
    let next = MAX_QUEUE_SIZE;
    const subscription = bus.subscribe("n", () => {
      for (let i = 0; i < 2 && next < EVENTS; i++) bus.publish("n", next++);
    });
    for (let i = 0; i < MAX_QUEUE_SIZE; i++) bus.publish("n", i);
    await bus.flush();
    subscription[Symbol.dispose]();
    return;
  }
  for (let i = 0; i < EVENTS; i++) {
    bus.publish("n", i);
    if (load === "steady") await nextTurn();
  }
}

for (const overflow of policies) {
  for (const [audience, count] of Object.entries(audiences)) {
    for (const load of loads) {
      for (const started of [true, false]) {
        const name = `${overflow}, ${audience} listening, ${load}, ${started ? "" : "not "}started`;
        Deno.test(name, async () => {
          const { bus } = quietBus({ overflow, maxQueueSize: MAX_QUEUE_SIZE, drainBudgetMs: 4 });
          const heard: number[][] = Array.from({ length: count }, () => []);
          for (const list of heard) bus.subscribe("n", (event) => list.push(event.metadata));
          if (started) bus.start();
          await publishAll(bus, load);
          const { queue_full } = bus.stats().rejected;
          const { evicted } = bus.stats().dropped;
          await bus.stop();

          const { published, delivered, accepted, pending, rejected } = bus.stats();
          assertEquals([accepted, pending], [delivered + evicted, 0]);
          // On a busy machine an event may be half dispatched then, and its handler too late.
          assertEquals(published, accepted + queue_full + rejected.stopped);
          if (load !== "re-entrant") assertEquals(rejected.stopped, 0);
          for (const list of heard) {
            assertEquals(list.length, delivered);
            assertEquals(list, list.toSorted((a, b) => a - b), "out of order");
          }
          const lost = published - delivered;
          if (overflow !== "drop-oldest") assertEquals(evicted, 0);
          else assertEquals(queue_full, 0);
          // Whoever drains between publishes, or dispatches when the queue is full, loses nothing.
          const drains = started && load === "steady";
          const inline = started && overflow === "inline" && load === "burst";
          if (drains || inline) assertEquals(lost, 0);
          if (load === "burst" && !drains && !inline) {
            assertEquals(lost, EVENTS - MAX_QUEUE_SIZE);
            const first = overflow === "drop-oldest" ? EVENTS - MAX_QUEUE_SIZE : 0;
            for (const list of heard) assertEquals(list[0], first);
          }
          if (load === "re-entrant") assert(delivered >= MAX_QUEUE_SIZE);
        });
      }
    }
  }
}
