// deno-lint-ignore-file no-console -- a service prints where it listens
import process from "node:process";
import fastify from "fastify";
import { fastifyPlugin, httpServerCatalog } from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";
import { readStock, shop } from "./shop.ts";

const obs = await startObservability({
  serviceName: "shop",
  catalog: [httpServerCatalog, shop],
  server: false, // the service has a port already
  exitHooks: { close: () => app.close() },
  args: process.argv.slice(2),
});

const app = fastify();
await app.register(fastifyPlugin(obs.bus)); // before all others
app.get("/metrics", (request, reply) => {
  reply.hijack();
  obs.nodeHandler(request.raw, reply.raw);
});
app.get<{ Params: { id: string } }>("/items/:id", async ({ params }) => {
  return { stock: await readStock(obs.bus, params.id) };
});

const origin = await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 8000) });
console.log(`shop: ${origin}`);
