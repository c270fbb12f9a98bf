import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { LoggingSubscriber } from "@busbar/busbar/subscribers";
import { nextTurn } from "../../support/quiet_bus.ts";

Deno.test("what a flood suppressed is told in no publisher's context, even of an inline dispatch", async () => {
  const requests = new AsyncLocalStorage<string>();
  let told: string | undefined;
  const bus = new EventBus({ maxQueueSize: 1, overflow: "inline" }).start();
  bus.registerSubscriber(
    new LoggingSubscriber({
      logs: { a: { level: "info", maxPerSecond: 1 } },
      suppressedIntervalMs: 1,
      sink: ({ eventType }) => {
        if (eventType !== "a") told = requests.getStore() ?? "none";
      },
    }),
  );
  requests.run("request", () => {
    for (let i = 0; i < 4; i++) bus.publish("a");
  });
  while (told === undefined) await nextTurn();
  assertEquals(told, "none");
  await bus.stop();
});
