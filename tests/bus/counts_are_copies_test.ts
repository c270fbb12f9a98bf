import { assertEquals } from "@std/assert";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

Deno.test("what a bus counts is handed out as it is then, and nobody can change it", async () => {
  using time = steeredTime();
  const { bus } = quietBus({ maxQueueSize: 3, maxInFlight: 1, drainBudgetMs: 4 });
  bus.start();
  const results: (() => unknown)[] = [
    () => new Promise(() => {}),
    () => {
      throw new Error("no");
    },
    () => time.pass(10),
  ];
  for (const [i, name] of ["hanging", "broken", "slow"].entries()) {
    bus.subscribe("a", { [name]: () => results[i]?.() }[name] as () => unknown);
  }
  const counts = () => {
    const stats = bus.stats();
    return [
      stats.lostByType,
      stats.rejected,
      stats.dropped,
      stats.skippedBySubscriber,
      bus.slowHandlerCounts(),
      bus.subscriberExceptionCounts(),
      stats,
    ] as Record<string, unknown>[];
  };
  const burst = async () => {
    for (let i = 0; i < 4; i++) bus.publish("a");
    while (bus.queueDepth > 0) await nextTurn();
  };
  await burst();
  const first = counts();
  const before = structuredClone(first);
  await burst();
  assertEquals(structuredClone(first), before);
  const names = ["a", "queue_full", "evicted", "hanging", "slow", "broken", "accepted"];
  const read = () => counts().map((record, i) => record[names[i] as string]);
  assertEquals(read(), [2, 2, 0, 5, read()[4], 6, 6]);
  const seen = read();
  for (const [i, record] of counts().entries()) record[names[i] as string] = 100;
  assertEquals(read(), seen);
  assertEquals((before[4]?.["slow"] as number) < (seen[4] as number), true);
  await bus.stop({ timeoutMs: 0 });
});
