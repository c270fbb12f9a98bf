import { assertEquals, assertRejects } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import {
  ConfigurationError,
  type Observability,
  startObservability,
  type StartOptions,
} from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import express from "express";
import { Hono } from "hono";
import { createServer } from "node:http";
import { listening, type LoopbackServer, serveNatively } from "../support/loopback.ts";

interface ShopEvents {
  "order": { total: number };
}

const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });

/** Observability that opens no port, with one order. */
async function started(options: Omit<StartOptions<ShopEvents>, "catalog"> = {}) {
  const obs = await startObservability<ShopEvents>({
    catalog: shop,
    server: false,
    env: () => undefined,
    logger: new MemoryLogger(),
    ...options,
  });
  obs.bus.publish("order", { total: 1 });
  await obs.flush();
  return obs;
}

/** Asks for a path. */
type Ask = (path: string) => Promise<readonly [status: number, text: string]>;

const askerOf = ({ origin }: Pick<LoopbackServer, "origin">): Ask => async (path) => {
  const response = await fetch(`${origin}${path}`);
  return [response.status, await response.text()];
};

/** Metrics, health and further routes, each below `prefix`. */
async function assertAnswers(ask: Ask, prefix: string): Promise<void> {
  const [status, scrape] = await ask(`${prefix}/metrics`);
  assertEquals([status, scrape.includes("shop_orders_total 1")], [200, true], scrape);
  assertEquals(await ask(`${prefix}/healthz`), [200, "ok\n"]);
  assertEquals(await ask(`${prefix}/readyz`), [200, "ok\n"]);
  const [, stats] = await ask(`${prefix}/stats`);
  assertEquals(JSON.parse(stats).delivered, 1);
  assertEquals((await ask(`${prefix}/absent`))[0], 404);
}

Deno.test("without a port of its own it answers in the runtime's server, below any path", async () => {
  await using obs = await started();
  assertEquals([obs.metricsUrl, obs.config.prometheus.enabled], [undefined, false]);
  await using server = await serveNatively(obs.handler, obs.nodeHandler);
  for (const prefix of ["", "/internal", "/a/b"]) await assertAnswers(askerOf(server), prefix);
});

Deno.test("it answers in Express and in node:http", async () => {
  await using obs = await started();
  const app = express();
  app.get("/metrics", obs.nodeHandler);
  app.use("/internal", obs.nodeHandler);
  for (const listener of [app, obs.nodeHandler]) {
    const own = createServer(listener);
    await using server = await listening(own, 0, () => own.closeAllConnections());
    await assertAnswers(askerOf(server), "/internal");
    assertEquals((await askerOf(server)("/metrics"))[0], 200);
  }
});

Deno.test("it answers in Hono", async () => {
  await using obs = await started();
  const app = new Hono().get("/internal/*", ({ req }) => obs.handler(req.raw))
    .mount("/mounted", obs.handler);
  const ask: Ask = async (path) => {
    const response = await app.fetch(new Request(`http://shop.example${path}`));
    return [response.status, await response.text()];
  };
  for (const prefix of ["/internal", "/mounted"]) await assertAnswers(ask, prefix);
});

Deno.test("beside a port of its own it answers the same, under any host name", async () => {
  await using obs = await started({ server: undefined, prometheus: { port: 0 } });
  const own = await (await fetch(obs.metricsUrl as string)).text();
  const response = await obs.handler(new Request("http://shop.example/internal/metrics"));
  const other = await response.text();
  assertEquals([own, other].map((text) => text.includes("shop_orders_total 1")), [true, true]);
  // Its own port is no mount: there a path is the whole path.
  assertEquals((await askerOf(new URL(obs.metricsUrl as string))("/a/metrics"))[0], 404);
});

Deno.test("further routes, a token and host names are in force there too", async () => {
  await using obs = await started({
    token: "s3cret",
    allowedHosts: ["shop.example"],
    routes: [{ path: "/version", handle: () => new Response("1.2.3") }],
  });
  const statusOf = async (url: string, token = "s3cret") => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await obs.handler(new Request(url, { headers }));
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("http://shop.example/internal/version"), 200);
  assertEquals(await statusOf("http://shop.example/internal/metrics", "another"), 401);
  assertEquals(await statusOf("http://evil.example/internal/metrics"), 403);
  assertEquals(await statusOf("http://evil.example/internal/healthz", "another"), 200);
});

Deno.test("observability that is disabled answers health, and leaves the rest to others", async () => {
  let isReady = true;
  await using obs = await startObservability({
    enabled: false,
    ready: () => isReady,
    env: () => undefined,
  });
  const app = express();
  app.get("/metrics", obs.nodeHandler);
  app.use(obs.nodeHandler);
  app.use((_request: unknown, response: { end(text: string): void }) => response.end("own"));
  const own = createServer(app);
  await using server = await listening(own, 0, () => own.closeAllConnections());
  const ask = askerOf(server);
  assertEquals(await ask("/healthz"), [200, "ok\n"]);
  assertEquals(await ask("/readyz"), [200, "ok\n"]);
  isReady = false;
  assertEquals(await ask("/readyz"), [503, "not ready\n"]);
  assertEquals(await ask("/metrics"), [200, "own"]);
  assertEquals((await obs.handler(new Request("http://localhost/metrics"))).status, 404);
});

Deno.test("a port that is named is not to be left closed", async () => {
  const refused = async (options: StartOptions<ShopEvents>): Promise<string> => {
    const error = await assertRejects(() => started(options as object), ConfigurationError);
    return error.message;
  };
  for (const prometheus of [{ port: 0 }, { hostname: "::1" }, { enabled: true }]) {
    assertEquals(
      await refused({ prometheus }),
      "server: must not be false where prometheus says what to open",
    );
  }
  assertEquals(
    await refused({ args: ["--prometheus-port", "9464"] }),
    "--prometheus-port: must be absent where the program opens no port (server: false)",
  );
  await assertRejects(() => started({ server: 0 as never }), TypeError, "server must be true or");
  // What the environment says of a port has no effect, which is told; and false is no contradiction.
  const logger = new MemoryLogger();
  const port = { OTEL_EXPORTER_PROMETHEUS_PORT: "9464" } as Record<string, string>;
  const options = { prometheus: { enabled: false }, logger, env: (name: string) => port[name] };
  await using obs: Observability<ShopEvents> = await started(options);
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(logger.lines.slice(0, -1), [
    "busbar: OTEL_EXPORTER_PROMETHEUS_PORT: has no effect: metrics are not pulled",
  ]);
});
