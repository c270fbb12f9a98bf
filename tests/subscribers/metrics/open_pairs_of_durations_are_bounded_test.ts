import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber, type MetricsSubscriberOptions } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

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
  const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
  bus.registerSubscriber(subscriber);
  return { bus, subscriber };
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

Deno.test("a start older than maxPairAgeMs expires", async () => {
  const { bus, subscriber } = measured({ maxPairAgeMs: 100 });
  bus.publish("order.start", { operationId: 1 }, { timestamp: 1_000 });
  bus.publish("order.start", { operationId: 2 }, { timestamp: 1_101 });
  await bus.stop();
  const { openPairs, expiredPairs } = subscriber.stats();
  assertEquals({ openPairs, expiredPairs }, { openPairs: 1, expiredPairs: 1 });
});

Deno.test("a bound that is none is refused at once", () => {
  assertThrows(() => measured({ maxOpenPairs: 0 }), RangeError, "maxOpenPairs");
  assertThrows(() => measured({ maxPairAgeMs: NaN }), RangeError, "maxPairAgeMs");
});
