// deno-lint-ignore-file no-console -- a service prints where it listens
import { httpServerCatalog, instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";
import { readStock, shop } from "./shop.ts";

const obs = await startObservability({
  serviceName: "shop",
  catalog: [httpServerCatalog, shop],
  server: false, // the service has a port already
  exitHooks: { close: () => server.shutdown() },
  args: Deno.args,
});

const handler = instrumentHandler(obs.bus, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/metrics") return await obs.handler(request);
  const [, id] = /^\/items\/([^/]+)$/.exec(pathname) ?? [];
  if (id === undefined) return new Response("not found", { status: 404 });
  return Response.json({ stock: await readStock(obs.bus, id) });
}, { route: ["/items/:id"] });

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ hostname, port }) => console.log(`shop: http://${hostname}:${port}`),
  onError: () => Response.json({ error: "sorry" }, { status: 500 }),
}, handler);
