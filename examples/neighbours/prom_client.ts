/**
 * A service whose metrics are prom-client's, and which gets new ones from Busbar: one `/metrics`.
 *
 * @module
 */
import { declare } from "@busbar/busbar/catalog";
import { createHandler } from "@busbar/busbar/http";
import { startObservability } from "@busbar/busbar/observability";
import { Counter, type Registry } from "prom-client";
import { metricsOfBoth } from "./merge_scrapes.ts";

interface ShopEvents {
  "order.placed": { region: string };
}
const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({
  metrics: {
    shop_orders_total: counter("order.placed", {
      description: "Orders, by region",
      attributes: ({ metadata: { region } }) => ({ region }),
    }),
  },
});

/** Starts the service on a port of this machine. @returns its origin, and what ends it */
export async function startShop(register: Registry, port: number) {
  const visits = new Counter({
    name: "shop_visits_total",
    help: "Visits",
    labelNames: ["page"],
    registers: [register],
  });
  const obs = await startObservability({ catalog: shop, server: false, env: () => undefined });
  const metrics = createHandler({
    routes: [metricsOfBoth({ scrape: (format) => obs.scrape(format), register })],
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/metrics") return metrics(request);
    visits.inc({ page: pathname === "/order" ? "order" : "other" });
    if (pathname === "/order") obs.bus.publish("order.placed", { region: "eu" });
    return new Response("thanks\n");
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    obs,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await obs.shutdown();
    },
  };
}

if (import.meta.main) {
  const { register } = await import("prom-client");
  const { origin } = await startShop(register, 8000);
  // deno-lint-ignore no-console -- a service prints where it listens
  console.log(`shop: ${origin}, ${origin}/metrics`);
}
