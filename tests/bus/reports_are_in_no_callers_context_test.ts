import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { nextTurn } from "../support/quiet_bus.ts";

Deno.test("losses that are told at the end of a stop are told in no caller's context", async () => {
  const requests = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const see = (what: string) => () => void seen.push(`${what}: ${requests.getStore() ?? "none"}`);
  // A clock that stands still: all but the first report back off for ever.
  const bus = new EventBus({ maxQueueSize: 1, clock: () => 1_000, logger: { warn: see("line") } });
  bus.addEventListener("bus:drop", see("drop"));
  bus.start();
  // Two are lost: of an episode that has its two lines, and of one that has none yet.
  for (const events of [2, 1, 2]) {
    for (let i = 0; i < events; i++) bus.publish("a");
    await nextTurn();
  }
  seen.length = 0;
  await requests.run("request", () => bus.stop());
  assertEquals(seen, ["drop: none", "line: none"]);
});
