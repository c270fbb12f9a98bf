import { assertEquals } from "@std/assert";
import { quietBus } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

Deno.test("a stop reports what was delivered, lost and failed since the last start", async () => {
  using time = steeredTime();
  const { bus } = quietBus({ maxQueueSize: 3, drainBudgetMs: 5 });
  bus.subscribe("a", () => {
    // One event uses a slice up.
    time.pass(10);
    throw new Error("no");
  });
  const publish = (times: number) => {
    for (let i = 0; i < times; i++) bus.publish("a");
  };
  bus.start();
  publish(5);
  const nothing = { dropped: 0, leftOver: 0, timedOut: false };
  assertEquals(await bus.stop(), { ...nothing, delivered: 3, failures: 3, dropped: 2 });
  bus.start();
  publish(4);
  const left = bus.stop({ signal: AbortSignal.abort() });
  assertEquals(await left, { delivered: 1, failures: 1, dropped: 3, leftOver: 2, timedOut: true });
  bus.start();
  publish(1);
  assertEquals(await bus.stop(), { ...nothing, delivered: 1, failures: 1 });
  bus.start();
  assertEquals(await bus.stop(), { ...nothing, delivered: 0, failures: 0 });
});
