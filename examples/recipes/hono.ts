// deno-lint-ignore-file no-console -- a service prints where it listens
import process from "node:process";
import { Hono } from "hono";
import { honoMiddleware, httpServerCatalog } from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";
import { readStock, shop } from "./shop.ts";

const obs = await startObservability({
  serviceName: "shop",
  catalog: [httpServerCatalog, shop],
  server: false, // the service has a port already
  exitHooks: { close: () => server.shutdown() },
  args: process.argv.slice(2),
});

const app = new Hono();
app.use(honoMiddleware(obs.bus)); // before all others
app.get("/metrics", (c) => obs.handler(c.req.raw));
app.get("/items/:id", async (c) => c.json({ stock: await readStock(obs.bus, c.req.param("id")) }));
app.onError((_error, c) => c.json({ error: "sorry" }, 500));

// On Bun: `Bun.serve({ fetch: app.fetch, … })`, whose `stop()` is for `close`.
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"] ?? 8000),
  onListen: ({ hostname, port }) => console.log(`shop: http://${hostname}:${port}`),
}, app.fetch);
