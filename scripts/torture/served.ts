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

/** When this thread hung last, until when: since the epoch, in milliseconds. */
let hungUntilMs = 0;
const nowMs = () => performance.timeOrigin + performance.now();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/metrics": {
        const response = await obs.handler(request);
        response.headers.set("hung-until", String(hungUntilMs));
        return response;
      }
      case "/throw":
        setTimeout(() => {
          throw new Error("torture");
        });
        return new Response("it throws\n");
      case "/hang": {
        const until = performance.now() + Number(searchParams.get("ms"));
        while (performance.now() < until);
        hungUntilMs = nowMs();
        return new Response("it hung\n");
      }
      default:
        obs.bus.publish("order");
        return new Response("ordered\n");
    }
  },
};
