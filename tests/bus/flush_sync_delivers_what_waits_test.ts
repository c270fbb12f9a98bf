import { assertEquals, assertThrows } from "@std/assert";
import { EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { quietBus } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

class Synchronous extends EventSubscriber {
  readonly calls: string[] = [];
  getSubscriptions(): Subscriptions {
    return { a: ({ metadata }) => this.calls.push(`a ${metadata}`) };
  }
  override onDrain(): void {
    this.calls.push("onDrain");
  }
  override flushSync(): void {
    this.calls.push("flushSync");
  }
}

Deno.test("flushSync delivers all that waits, then has subscribers drain and flush, in one go", async () => {
  const { bus } = quietBus();
  const subscriber = new Synchronous();
  bus.registerSubscriber(subscriber);
  for (let i = 0; i < 3; i++) bus.publish("a", i);
  assertEquals(bus.flushSync(), true);
  assertEquals(subscriber.calls, ["a 0", "a 1", "a 2", "onDrain", "flushSync"]);
  assertEquals([bus.stats().delivered, bus.stats().pending], [3, 0]);
  await bus.stop();
});

Deno.test("flushSync stops at its timeout and says that something is left", async () => {
  const { bus } = quietBus();
  using time = steeredTime();
  bus.subscribe("a", () => time.pass(10));
  for (let i = 0; i < 5; i++) bus.publish("a");
  // At 20 ms its time is not over yet.
  assertEquals(bus.flushSync({ timeoutMs: 20 }), false);
  assertEquals(bus.queueDepth, 2);
  assertEquals(bus.flushSync({ timeoutMs: 20 }), true);
  assertThrows(
    () => bus.flushSync({ timeoutMs: -1 }),
    RangeError,
    "Cannot flush EventBus: timeoutMs must be a number of at least 0, received -1",
  );
  await bus.stop();
});

Deno.test("flushSync has five seconds if nothing else is said", async () => {
  const { bus } = quietBus();
  using time = steeredTime();
  bus.subscribe("a", () => time.pass(2_500));
  for (let i = 0; i < 4; i++) bus.publish("a");
  assertEquals(bus.flushSync(), false);
  assertEquals(bus.queueDepth, 1);
  await bus.stop();
});

Deno.test("a flushSync within a handler that stops between two handlers leaves no other one out", async () => {
  const { bus } = quietBus({ drainBudgetMs: 4 });
  bus.start();
  using time = steeredTime();
  const seen: string[] = [];
  const handler = (name: string, work: () => void = () => {}) => () => {
    seen.push(name);
    work();
    time.pass(10);
  };
  bus.subscribe(
    "a",
    handler("a1", () => {
      assertEquals(bus.flushSync({ timeoutMs: 5 }), false);
      const { accepted, pending, delivered } = bus.stats();
      assertEquals([accepted, pending, delivered], [3, 3, 0]);
    }),
  );
  bus.subscribe("a", handler("a2"));
  bus.subscribe("b", handler("b1"));
  bus.subscribe("b", handler("b2"));
  bus.subscribe("c", handler("c1"));
  for (const type of ["a", "b", "c"]) bus.publish(type);
  assertEquals(await bus.flush(), true);
  assertEquals(seen, ["a1", "b1", "a2", "b2", "c1"]);
  assertEquals([bus.stats().delivered, bus.stats().pending], [3, 0]);
  await bus.stop();
});
