import { createMetricsHandler } from "./metrics_handler.ts";
import {
  listenError,
  type MetricsServer,
  metricsServer,
  resolveAddress,
  type ServeMetricsOptions,
} from "./metrics_server.ts";

/** What is used of Deno; written out, since other runtimes' compilers do not know its types. */
interface DenoRuntime {
  serve(
    options: { hostname: string; port: number; onListen: () => void; signal: AbortSignal },
    handler: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

/**
 * Serves metrics with `Deno.serve`; it needs `--allow-net=127.0.0.1:9464`, or the address chosen.
 * {@linkcode startMetricsServer} does the same on other runtimes too.
 *
 * @throws {AddressInUseError} if the address is in use
 * @throws {RangeError} if `port` is not an integer from 0 to 65535
 * @throws {Error} if the runtime is not Deno
 */
export function serveMetrics(options: ServeMetricsOptions): MetricsServer {
  const address = resolveAddress(options);
  const { Deno } = globalThis as { Deno?: DenoRuntime };
  if (Deno === undefined) {
    throw new Error(
      "Cannot serve metrics: serveMetrics needs Deno; on other runtimes, await startMetricsServer",
    );
  }
  try {
    const handler = createMetricsHandler(options);
    const underWay = new Set<Promise<Response>>();
    const controller = new AbortController();
    const server = Deno.serve(
      { ...address, onListen: () => {}, signal: controller.signal },
      (request) => {
        const answer = handler(request).finally(() => underWay.delete(answer));
        underWay.add(answer);
        return answer;
      },
    );
    let closing = false;
    return metricsServer({ ...address, port: server.addr.port }, {
      afterRequests: async () => {
        await Promise.allSettled(underWay);
        closing = true;
        await server.shutdown();
      },
      // Once Deno's own shutdown has begun, it cannot be cut short.
      now: () => closing || controller.abort(),
    });
  } catch (error) {
    throw listenError(error, address);
  }
}
