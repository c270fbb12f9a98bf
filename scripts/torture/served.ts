/**
 * What `deno serve --parallel` serves under torture: orders, metrics, and ways to throw and to hang.
 *
 * @module
 */
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

const { catalog, counter } = declare<{ "order": undefined }>();
const obs = await startObservability({
  serviceName: "torture",
  catalog: catalog({ metrics: { "orders": counter("order") } }),
  threads: true,
  server: false,
  runtimeMetrics: false,
  logger: { warn: () => {} },
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/metrics":
        return await obs.handler(request);
      case "/throw":
        setTimeout(() => {
          throw new Error("torture");
        });
        return new Response("it throws\n");
      case "/hang": {
        const until = performance.now() + Number(searchParams.get("ms"));
        while (performance.now() < until);
        return new Response("it hung\n");
      }
      default:
        obs.bus.publish("order");
        return new Response("ordered\n");
    }
  },
};
