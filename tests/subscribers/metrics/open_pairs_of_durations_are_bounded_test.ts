import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber, type MetricsSubscriberOptions } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  "order.start": { operationId: number };
  "order.end": { operationId: number };
  "tick": undefined;
}

const { duration } = declare<Events>();

function measured(limits: Partial<MetricsSubscriberOptions<Events>>) {
  const subscriber = new MetricsSubscriber<Events>({
    metrics: { "order.duration": duration("order.start", "order.end") },
    logger: new MemoryLogger(),
    ...limits,
  });
  const clock = new ManualClock();
  const bus = new EventBus<Events>({ clock: clock.now, logger: new MemoryLogger() }).start();
  bus.registerSubscriber(subscriber);
  return { bus, clock, subscriber };
}

Deno.test("beyond maxOpenPairs the oldest start expires", async () => {
  const { bus, subscriber } = measured({ maxOpenPairs: 2 });
  for (const operationId of [1, 2, 3]) bus.publish("order.start", { operationId });
  await bus.flush();
  const { openPairs, expiredPairs } = subscriber.stats();
  assertEquals({ openPairs, expiredPairs }, { openPairs: 2, expiredPairs: 1 });
  bus.publish("order.end", { operationId: 1 });
  bus.publish("order.end", { operationId: 3 });
  await bus.stop();
  assertEquals(subscriber.stats().orphanedEnds, 1);
  assertEquals(subscriber.stats().openPairs, 1);
});

Deno.test("a start that has waited longer than maxPairAgeMs expires: at a flush, a collection or a stop", async () => {
  const { bus, clock, subscriber } = measured({ maxPairAgeMs: 100 });
  const looks = [() => bus.flush(), () => subscriber.collect(), () => bus.stop()];
  for (const [operationId, look] of looks.entries()) {
    bus.publish("order.start", { operationId });
    await bus.flush();
    clock.advance(100);
    await bus.flush();
    assertEquals(subscriber.stats().openPairs, 1);
    clock.advance(1);
    assertEquals(subscriber.stats().openPairs, 1);
    await look();
    const { openPairs, expiredPairs } = subscriber.stats();
    assertEquals({ openPairs, expiredPairs }, { openPairs: 0, expiredPairs: operationId + 1 });
  }
});

Deno.test("so it does at a shutdown that no flush came before", async () => {
  const { bus, clock, subscriber } = measured({ maxPairAgeMs: 100 });
  bus.publish("order.start", { operationId: 1 });
  await bus.flush();
  clock.advance(101);
  subscriber.shutdown();
  assertEquals(subscriber.stats().expiredPairs, 1);
  await bus.stop();
});

Deno.test("a bound that is none is refused at once", () => {
  assertThrows(() => measured({ maxOpenPairs: 0 }), RangeError, "maxOpenPairs");
  assertThrows(() => measured({ maxPairAgeMs: NaN }), RangeError, "maxPairAgeMs");
});
