// deno-lint-ignore-file no-console -- a script prints where it listens
/**
 * The service that the W3C's suite for trace context asks for: it takes a list of requests as JSON,
 * and sends each of them, continuing the trace of its caller. CONTRIBUTING.md says how to run the suite.
 *
 * Run it with `deno run --allow-net=127.0.0.1 scripts/conformance/trace_context_service.ts [port]`.
 *
 * @module
 */
import { EventBus } from "@busbar/busbar";
import { combineCatalogs } from "@busbar/busbar/catalog";
import { currentContext } from "@busbar/busbar/context";
import {
  httpClientCatalog,
  type HttpClientEvents,
  httpServerCatalog,
  type HttpServerEvents,
  instrumentFetch,
  instrumentHandler,
} from "@busbar/busbar/instrumentation/http";
import { BusTracer } from "@busbar/busbar/otel";
import { subscribeCatalog } from "@busbar/busbar/subscribers";

/** What the suite has a service do. */
interface Order {
  readonly url: string;
  readonly arguments: readonly Order[];
}

const PORT = Number(Deno.args[0] ?? 5_000);
const bus = new EventBus<HttpServerEvents & HttpClientEvents>({ context: currentContext }).start();
// The spans go nowhere: the suite looks at the headers of the requests.
const processor = {
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
subscribeCatalog(bus, combineCatalogs([httpServerCatalog, httpClientCatalog]), {
  tracer: new BusTracer({ processor, scopeName: "trace-context" }),
});
const send = instrumentFetch({ bus, origins: ["*"] });

const handler = instrumentHandler(bus, async (request: Request) => {
  const orders: readonly Order[] = await request.json();
  for (const order of orders) {
    const response = await send(order.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order.arguments),
    });
    await response.body?.cancel();
  }
  return new Response("sent");
});
Deno.serve({
  hostname: "127.0.0.1",
  port: PORT,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/test`),
}, handler);
