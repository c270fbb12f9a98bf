import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

// Each thread of `deno serve --parallel` evaluates this module.
const obs = await startObservability({
  serviceName: "shop",
  catalog: shop,
  // One of them starts the worker, which serves the metrics of all: http://127.0.0.1:9464/metrics
  threads: { metricsWorker: new URL("./metrics_worker.ts", import.meta.url) },
  server: false,
  exitHooks: {},
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    // Here any thread answers for all as well.
    if (pathname === "/metrics") return await obs.handler(request);
    obs.bus.publish("order", { status: "ok" });
    return new Response("ordered\n");
  },
};
