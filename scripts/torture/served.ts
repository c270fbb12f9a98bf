/**
 * What `deno serve --parallel` serves under torture: orders, metrics, and ways to throw and to hang.
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import { SERVED } from "./served_options.ts";

const obs = await startObservability({
  ...SERVED,
  threads: { metricsWorker: new URL("./metrics_worker.ts", import.meta.url) },
  server: false,
});
const thread = crypto.randomUUID();
/** When this thread hung last, from and until: since the epoch, in milliseconds. */
let hang: readonly [fromMs: number, untilMs: number] = [0, 0];
const nowMs = () => performance.timeOrigin + performance.now();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/metrics": {
        const response = await obs.handler(request);
        // A hang that holds up this answer is in a later one.
        response.headers.set("torture-thread", thread);
        response.headers.set("torture-hang", hang.join(" "));
        return response;
      }
      case "/throw":
        setTimeout(() => {
          throw new Error("torture");
        });
        return new Response("it throws\n");
      case "/hang": {
        const fromMs = nowMs();
        const until = performance.now() + Number(searchParams.get("ms"));
        while (performance.now() < until);
        hang = [fromMs, nowMs()];
        return new Response("it hung\n");
      }
      default:
        obs.bus.publish("order");
        return new Response("ordered\n");
    }
  },
};
