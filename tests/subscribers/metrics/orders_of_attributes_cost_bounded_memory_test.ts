import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { collectGarbage } from "../../support/garbage.ts";

/** All orders of some names. */
function* orders(names: readonly string[]): Generator<readonly string[]> {
  if (names.length === 0) yield names;
  for (const name of names) {
    for (const rest of orders(names.filter((other) => other !== name))) yield [name, ...rest];
  }
}

Deno.test("one attribute set in 40,320 orders is one series, and takes the memory of a few", async () => {
  const { catalog, counter } = declare<{ "read": Record<string, number> }>();
  const { metrics } = catalog({
    metrics: {
      reads: counter("read", { attributes: ({ metadata }) => metadata, maxAttributeSets: 2 }),
    },
  });
  const logger = new MemoryLogger();
  const bus = new EventBus<{ "read": Record<string, number> }>({ maxQueueSize: 50_000, logger });
  const subscriber = new MetricsSubscriber({ metrics, logger });
  bus.registerSubscriber(subscriber);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let count = 0;
  for (const order of orders([..."abcdefgh"])) {
    bus.publish("read", Object.fromEntries(order.map((name) => [name, 1])));
    count++;
  }
  await bus.flush();
  collectGarbage();
  const grownBytes = process.memoryUsage().heapUsed - before;
  const [reads] = subscriber.collect();
  assertEquals(reads?.kind === "counter" && reads.points.map(({ value }) => value), [count]);
  // A path for each order would take more than ten times as much.
  assert(grownBytes < 5e6, `the heap has grown by ${grownBytes} bytes`);
  await bus.stop();
});
