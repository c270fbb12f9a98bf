import { assertEquals, assertRejects } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { freePort } from "../support/loopback.ts";
import { spiedSignal } from "../support/spied_signal.ts";

interface ShopEvents {
  "order": { total: number };
}

const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });

Deno.test("a signal that aborts while the server starts leaves nothing of it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const logger = new MemoryLogger();
  const bus = new EventBus<ShopEvents>({ logger });
  const options = {
    env: () => undefined,
    logger,
    bus,
    catalog: shop,
    prometheus: { port: await freePort() },
    registerGlobally: true,
  };
  const starting = startObservability<ShopEvents>({ ...options, signal });
  const reason = new Error("not any more");
  controller.abort(reason);
  assertEquals(await assertRejects(() => starting), reason);
  assertEquals(bus.hasSubscribers("order"), false);
  // Its port, its bus and the global providers are free again.
  const obs = await startObservability<ShopEvents>(options);
  await obs.shutdown();
  await bus.stop();
});

Deno.test("a signal alone shuts it down", async () => {
  const controller = new AbortController();
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: shop,
    prometheus: { port: 0 },
    signal: controller.signal,
  });
  const isServed = () =>
    fetch(obs.metricsUrl as string).then(
      async (response) => await response.text(),
      () => undefined,
    );
  controller.abort();
  while (await isServed() !== undefined);
  assertEquals(obs.bus.publish("order", { total: 1 }), false);
});

Deno.test("a signal that outlives it holds nothing of it", async () => {
  const { signal, listeners } = spiedSignal();
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: shop,
    prometheus: { enabled: false },
    signal,
  });
  assertEquals(listeners(), 1);
  await obs.shutdown();
  assertEquals(listeners(), 0);
});
