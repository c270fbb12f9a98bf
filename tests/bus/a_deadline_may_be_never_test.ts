import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { nextTurn } from "../support/quiet_bus.ts";

Deno.test("a flush and a stop without a limit wait as long as it takes", async () => {
  const bus = new EventBus().start();
  bus.subscribe("a", () => nextTurn().then(nextTurn));
  for (const timeoutMs of [Infinity, Number.MAX_VALUE, 2 ** 31]) {
    bus.publish("a");
    assertEquals(await bus.flush({ timeoutMs }), true);
    bus.publish("a");
    assertEquals(bus.flushSync({ timeoutMs }), true);
  }
  bus.publish("a");
  assertEquals((await bus.stop({ timeoutMs: Infinity })).timedOut, false);
});
