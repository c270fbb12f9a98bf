import { assert, assertEquals, assertRejects } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";

interface ShopEvents {
  "order": { total: number };
}

const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });
const NO_ENV = { env: () => undefined, logger: new MemoryLogger() };

Deno.test("the handle scrapes in both formats, whether or not there is a server", async () => {
  for (const prometheus of [{ port: 0 }, { enabled: false }]) {
    await using obs = await startObservability({ ...NO_ENV, catalog: shop, prometheus });
    obs.bus.publish("order", { total: 1 });
    await obs.flush();
    const text = await obs.scrape();
    assert(text.includes("shop_orders_total 1"), text);
    assert(!text.includes("# EOF"));
    const openMetrics = await obs.scrape("openmetrics");
    assert(openMetrics.endsWith("# EOF\n"), openMetrics);
  }
});

Deno.test("where there is nothing to scrape, it says why", async () => {
  await using disabled = await startObservability({ ...NO_ENV, enabled: false });
  await assertRejects(() => disabled.scrape(), Error, "Cannot scrape: observability is disabled");
  await using without = await startObservability({ ...NO_ENV, metricsEnabled: false });
  await assertRejects(() => without.scrape(), Error, "Cannot scrape: metrics are disabled");
});

Deno.test("a signal that aborts shuts it down; one that has aborted starts nothing", async () => {
  const controller = new AbortController();
  const obs = await startObservability({
    ...NO_ENV,
    catalog: shop,
    prometheus: { port: 0 },
    signal: controller.signal,
  });
  controller.abort();
  await obs.shutdown();
  assertEquals(obs.bus.publish("order", { total: 1 }), false);
  await assertRejects(() => fetch(obs.metricsUrl as string));
  const reason = new Error("not today");
  const error = await assertRejects(() =>
    startObservability({ ...NO_ENV, catalog: shop, signal: AbortSignal.abort(reason) })
  );
  assertEquals(error, reason);
});

Deno.test("flush and shutdown reject a time that is none, and nothing has ended then", async () => {
  const obs = await startObservability<ShopEvents>({ ...NO_ENV, prometheus: { enabled: false } });
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(() => obs.flush({ timeoutMs }), RangeError, "Cannot flush observability");
    await assertRejects(() => obs.shutdown({ timeoutMs }), RangeError, "Cannot shut observability");
  }
  assertEquals(obs.bus.publish("order", { total: 1 }), true);
  await obs.shutdown();
  assertEquals(obs.bus.publish("order", { total: 1 }), false);
});

Deno.test("flush and shutdown end when their signal aborts", async () => {
  const pending = Promise.withResolvers<void>();
  const obs = await startObservability<ShopEvents>({ ...NO_ENV, prometheus: { enabled: false } });
  obs.bus.subscribe("order", () => pending.promise);
  obs.bus.publish("order", { total: 1 });
  const flushing = new AbortController();
  const flushed = obs.flush({ signal: flushing.signal, timeoutMs: 600_000 });
  flushing.abort();
  assertEquals(await flushed, false);
  const ending = new AbortController();
  const ended = obs.shutdown({ signal: ending.signal, timeoutMs: 600_000 });
  ending.abort();
  await assertRejects(() => ended, AggregateError, "Cannot drain the bus");
  pending.resolve();
});
