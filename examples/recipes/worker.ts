import process from "node:process";
import { EventBus } from "@busbar/busbar";
import { combineCatalogs } from "@busbar/busbar/catalog";
import { currentContext } from "@busbar/busbar/context";
import {
  httpServerCatalog,
  type HttpServerEvents,
  instrumentHandler,
} from "@busbar/busbar/instrumentation/http";
import { BusTracer, createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
import { jsonLinesSink, subscribeCatalog } from "@busbar/busbar/subscribers";
import { readStock, shop, type ShopEvents } from "./shop.ts";

// A worker has no port and no process: the parts of startObservability, made once for all requests.
const { traces } = createOtlpExporters({ endpoint: process.env["OTLP_ENDPOINT"]! });
const processor = new SpanBatchProcessor(traces);
const bus = new EventBus<HttpServerEvents & ShopEvents>({ context: currentContext }).start();
subscribeCatalog(bus, combineCatalogs([httpServerCatalog, shop]), {
  tracer: new BusTracer({ processor, scopeName: "shop" }),
  sink: jsonLinesSink(), // the console: what the platform keeps as logs
});

async function flush(): Promise<void> {
  await bus.flush(); // makes the spans
  await processor.forceFlush(); // sends them
}

/** The part of a request's context that is used. */
interface Context {
  waitUntil(work: Promise<unknown>): void;
}

export default {
  fetch: instrumentHandler(bus, async (request: Request, _env: unknown, _ctx: Context) => {
    const [, id] = /^\/items\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
    if (id === undefined) return new Response("not found", { status: 404 });
    return Response.json({ stock: await readStock(bus, id) });
  }, {
    route: ["/items/:id"],
    // When the request has ended, also of one that throws or streams.
    onEnd: (_request, _env, ctx) => ctx.waitUntil(flush()),
  }),
};
