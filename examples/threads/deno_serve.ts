import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

// Each thread of `deno serve --parallel` evaluates this module.
const obs = await startObservability({
  serviceName: "shop",
  catalog: shop,
  threads: true,
  server: false, // the service has a port already, and any thread answers there for all
  exitHooks: {},
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/metrics") return await obs.handler(request);
    obs.bus.publish("order", { status: "ok" });
    return new Response("ordered\n");
  },
};
