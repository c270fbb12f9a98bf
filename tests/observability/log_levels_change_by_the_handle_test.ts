import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  read: undefined;
}
const { catalog } = declare<Events>();
const shop = catalog({ logs: { read: { level: "debug" } } });

Deno.test("a service changes its level by its handle", async () => {
  const types: string[] = [];
  await using obs = await startObservability<Events>({
    catalog: shop,
    env: () => undefined,
    logger: new MemoryLogger(),
    server: false,
    logSink: ({ eventType }) => void types.push(eventType),
  });
  obs.setLogLevel("debug", "read");
  obs.bus.publish("read");
  await obs.flush();
  assertEquals(types, ["read"]);
  assertThrows(() => obs.setLogLevel("info", "raed"), TypeError, "type must be one that is logged");
});
