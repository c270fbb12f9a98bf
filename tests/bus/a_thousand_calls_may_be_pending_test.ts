import { assertEquals } from "@std/assert";
import { quietBus } from "../support/quiet_bus.ts";

Deno.test("if nothing else is said a thousand calls of a handler may be pending, no more", async () => {
  const { bus } = quietBus();
  bus.start();
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  bus.subscribe("a", function waiting() {
    calls++;
    return promise;
  });
  for (let i = 0; i < 1_003; i++) bus.publish("a");
  bus.flushSync();
  assertEquals([calls, { ...bus.stats().skippedBySubscriber }], [1_000, { waiting: 3 }]);
  resolve();
  await bus.stop();
});
