import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { AddressInUseError } from "@busbar/busbar/http";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { fakeProcess } from "../support/fake_process.ts";
import { freePort } from "../support/loopback.ts";

interface OrderEvents {
  order: { total: number };
}
const { catalog, counter } = declare<OrderEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });

/** Starts one, whose lines are kept and whose orders are handled. */
async function start(options: StartOptions<OrderEvents>) {
  const logger = new MemoryLogger();
  const handled: number[] = [];
  const obs = await startObservability<OrderEvents>({
    env: () => undefined,
    logger,
    catalog: shop,
    serviceName: "shop",
    ...options,
  });
  obs.bus.subscribe("order", ({ metadata }) => void handled.push(metadata.total));
  return {
    obs,
    handled,
    /** Those of this matter: a busy machine makes others. */
    get lines() {
      return logger.lines.filter((line) => line.includes("startObservability"));
    },
  };
}

const instanceAt = async (port: number) => {
  // A connection that is kept would end with the older server.
  const headers = { connection: "close" };
  const scrape = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  return /service_instance_id="([^"]*)"/.exec(scrape)?.[1];
};

Deno.test("the newer one of a service gets the address, and the older one is shut down", async () => {
  using process = fakeProcess();
  const prometheus = { port: await freePort() };
  const older = await start({ prometheus, exitHooks: {} });
  older.obs.bus.publish("order", { total: 1 });
  const hooks = process.heard();
  const newer = await start({ prometheus, exitHooks: {} });
  assertEquals(older.handled, [1]);
  assertEquals(older.obs.bus.publish("order", { total: 2 }), false);
  assertEquals(await instanceAt(prometheus.port), newer.obs.config.serviceInstanceId);
  assertEquals(process.heard(), hooks);
  assertEquals(newer.lines, [
    "busbar: startObservability: it was called again in this process for " +
    `127.0.0.1:${prometheus.port} of service "shop"; the earlier one is shut down`,
  ]);
  await newer.obs.shutdown();
  // Only the newer one's hooks were left, and a second end of the older one is none.
  assertEquals(process.heard(), []);
  await older.obs.shutdown();
});

Deno.test("it goes on from one to the next, however often", async () => {
  const prometheus = { port: await freePort() };
  const all = [];
  for (let i = 0; i < 5; i++) all.push(await start({ prometheus }));
  assertEquals(all.map(({ obs }) => obs.bus.publish("order", { total: 1 })), [
    false,
    false,
    false,
    false,
    true,
  ]);
  await all.at(-1)!.obs.shutdown();
});

Deno.test("of those that start at the same time one is left, which serves", async () => {
  const prometheus = { port: await freePort() };
  const all = await Promise.all([1, 2, 3, 4].map(() => start({ prometheus })));
  const open = all.filter(({ obs }) => obs.bus.publish("order", { total: 1 }));
  assertEquals(open.length, 1);
  const [{ obs }] = open as [typeof open[0]];
  assertEquals(await instanceAt(prometheus.port), obs.config.serviceInstanceId);
  await obs.shutdown();
});

Deno.test("so is an address that comes in the place of the environment's", async () => {
  const prometheus = { port: await freePort() };
  // An address for documents, which no machine has.
  const env = (name: string) =>
    name === "OTEL_EXPORTER_PROMETHEUS_HOST" ? "203.0.113.1" : undefined;
  const older = await start({ prometheus, env, token: "secret" });
  const newer = await start({ prometheus, env, token: "secret" });
  assertEquals(newer.obs.metricsUrl, `http://127.0.0.1:${prometheus.port}/metrics`);
  assertEquals(older.obs.bus.publish("order", { total: 1 }), false);
  await newer.obs.shutdown();
});

Deno.test("the bus of an older one can be handed to the newer", async () => {
  const prometheus = { port: await freePort() };
  await using bus = new EventBus<OrderEvents>({ logger: new MemoryLogger() });
  await start({ prometheus, bus });
  const newer = await start({ prometheus, bus });
  bus.publish("order", { total: 1 });
  await newer.obs.flush();
  assert((await newer.obs.scrape()).includes("shop_orders_total 1\n"));
  await newer.obs.shutdown();
});

Deno.test("OpenTelemetry's global providers are taken over as well", async () => {
  const options = { server: false, registerGlobally: true };
  const older = await start(options);
  const newer = await start(options);
  assertEquals(newer.lines, [
    "busbar: startObservability: it was called again in this process for OpenTelemetry's global " +
    'providers of service "shop"; the earlier one is shut down',
  ]);
  assertEquals(older.obs.bus.publish("order", { total: 1 }), false);
  await newer.obs.shutdown();
  const last = await start(options);
  assertEquals(last.lines, []);
  await last.obs.shutdown();
});

Deno.test("who says so replaces all of its service, and no other", async () => {
  const shop = [await start({ server: false }), await start({ prometheus: { port: 0 } })];
  const stock = await start({ server: false, serviceName: "stock" });
  const newer = await start({ server: false, replace: true });
  const newest = await start({ server: false, replace: true });
  const publish = ({ obs }: typeof newer) => obs.bus.publish("order", { total: 1 });
  assertEquals(shop.map(publish), [false, false]);
  assertEquals([newer, newest, stock].map(publish), [false, true, true]);
  assertEquals(newer.lines, []);
  for (const { obs } of [newest, stock]) await obs.shutdown();
});

Deno.test("what says whether it replaces is true or false", async () => {
  const error = await assertRejects(
    () => start({ server: false, replace: "yes" as never }),
    TypeError,
  );
  assertEquals(
    error.message,
    'Cannot start observability: replace must be true or false, received "yes"',
  );
});

Deno.test("what shares nothing goes on side by side", async () => {
  const port = await freePort();
  const all = [
    await start({ prometheus: { port } }),
    await start({ prometheus: { port: 0 } }),
    await start({ prometheus: { port: 0 } }),
    await start({ server: false }),
    await start({ server: false }),
    await start({ enabled: false, prometheus: { port } }),
  ];
  assertEquals(all.map(({ obs }) => obs.bus.publish("order", { total: 1 })), [
    ...Array(5).fill(true),
    false,
  ]);
  assertEquals(all.flatMap(({ lines }) => lines), []);
  for (const { obs } of all) await obs.shutdown();
});

Deno.test("another service does not get the address, and the first goes on", async () => {
  const prometheus = { port: await freePort() };
  const shop = await start({ prometheus });
  const error = await assertRejects(
    () => start({ prometheus, serviceName: "stock" }),
    AddressInUseError,
  );
  assertEquals(error.message, `Cannot serve metrics: 127.0.0.1:${prometheus.port} is in use`);
  assertEquals(await instanceAt(prometheus.port), shop.obs.config.serviceInstanceId);
  await shop.obs.shutdown();
});

Deno.test("what is refused takes nothing over", async () => {
  const prometheus = { port: await freePort() };
  const older = await start({ prometheus });
  await assertRejects(() => start({ prometheus, collectTimeoutMs: -1 }), RangeError);
  await assertRejects(() => start({ prometheus, signal: AbortSignal.abort() }));
  assertEquals(older.obs.bus.publish("order", { total: 1 }), true);
  await older.obs.shutdown();
});

Deno.test("one that is shutting down is waited for, without a word", async () => {
  const prometheus = { port: await freePort() };
  const older = await start({ prometheus });
  const shutdown = older.obs.shutdown();
  const newer = await start({ prometheus });
  await shutdown;
  assertEquals(newer.lines, []);
  await newer.obs.shutdown();
});

Deno.test("what fails in the older one's end is not the newer one's matter", async () => {
  const prometheus = { port: await freePort() };
  const older = await start({ prometheus });
  // Never handled: its time runs out.
  older.obs.bus.subscribe("order", () => new Promise(() => {}));
  older.obs.bus.publish("order", { total: 1 });
  const newer = await start({ prometheus });
  assertEquals(await instanceAt(prometheus.port), newer.obs.config.serviceInstanceId);
  await assertRejects(() => older.obs.shutdown(), AggregateError, "drain the bus");
  await newer.obs.shutdown();
});
