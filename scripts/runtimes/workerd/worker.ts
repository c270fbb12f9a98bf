/**
 * A worker whose requests share a bus, a batch processor and a meter, made where the module is
 * evaluated. `requests.ts` sends it requests that end in every way.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import {
  BusTracer,
  createMetricProducer,
  createOtlpExporters,
  PrometheusMetrics,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";
import { type CatalogSubscription, subscribeCatalog } from "@busbar/busbar/subscribers";

/** The receiver's address; the bundler puts it in. */
declare const RECEIVER: string;

/** The part of a request's context that is used. */
interface RequestContext {
  waitUntil(work: Promise<unknown>): void;
}

interface ShopEvents {
  "sale.start": object;
  "sale.end": object;
}

const { catalog, counter, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: { "shop.sales": counter("sale.end") },
  spans: { sale: span("sale.start", "sale.end") },
});

const { traces } = createOtlpExporters({ endpoint: RECEIVER, protocol: "http/json" });
const processor = new SpanBatchProcessor(traces, { maxExportBatchSize: 8, scheduleDelayMs: 50 });
const metrics = new PrometheusMetrics({
  metricProducers: [createMetricProducer({ collect: () => subscription.collect() })],
  // So long that some requests end before it is done.
  beforeCollect: () => pause(5),
});
const bus = new EventBus<ShopEvents>().start();
const subscription: CatalogSubscription = subscribeCatalog(bus, shop, {
  meter: metrics.meter,
  collect: true,
  tracer: new BusTracer({ processor, scopeName: "shop" }),
});

/** Published where there is no request yet, and all clocks stand at 0. */
const FIRST = "module level";

/** The request that is served, whose context no handler may run in. */
const served = new AsyncLocalStorage<Request>();

/** What is told at the end. */
const seen = {
  sales: 1,
  delivered: 0,
  settled: 0,
  wrongTimes: 0,
  inRequests: 0,
  ownSales: 0,
  ownDelivered: 0,
};
bus.subscribe("sale.end", ({ timestamp, sessionId }) => {
  seen.delivered++;
  if (served.getStore() !== undefined) seen.inRequests++;
  if (sessionId !== FIRST && Math.abs(Date.now() - timestamp) > 60_000) seen.wrongTimes++;
});
bus.subscribe("sale.end", async function settle() {
  await pause(1);
  seen.settled++;
  if (served.getStore() !== undefined) seen.inRequests++;
});
sell(bus, FIRST);

function sell(to: EventBus<ShopEvents>, sessionId: string): void {
  to.publish("sale.start", {}, { sessionId });
  to.publish("sale.end", {}, { sessionId });
}

/** Publishes on a bus of the request's own. */
async function sellOnOwnBus(sales: number): Promise<boolean> {
  const own = new EventBus<ShopEvents>().start();
  own.subscribe("sale.end", () => seen.ownDelivered++);
  for (let i = 0; i < sales; i++) sell(own, String(i));
  seen.ownSales += sales;
  return await own.flush();
}

async function flush(): Promise<boolean> {
  const flushed = await bus.flush();
  await processor.forceFlush();
  return flushed;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function serve(request: Request, context: RequestContext): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  const sales = Number(asked.get("sales") ?? 0);
  if (asked.has("own")) {
    const flushed = sellOnOwnBus(sales);
    if (asked.has("until")) context.waitUntil(flushed);
    else if (!asked.has("leave")) return Response.json({ flushed: await flushed });
    return new Response();
  }
  const sessionId = crypto.randomUUID();
  for (let i = 0; i < sales; i++) sell(bus, sessionId);
  seen.sales += sales;
  if (asked.has("until")) context.waitUntil(flush());
  if (asked.has("throw")) throw new Error("as it was told to");
  if (asked.has("leave")) {
    // What they start ends with this request, unnoticed.
    metrics.scrape().catch(() => {});
    flush().catch(() => {});
    return new Response();
  }
  if (asked.has("pause")) await pause(Number(asked.get("pause")));
  if (asked.has("scrape")) return new Response(await metrics.scrape());
  const flushed = asked.has("flush") ? await flush() : undefined;
  return Response.json({
    flushed,
    seen,
    lost: bus.subscriberExceptionCounts(),
    bus: bus.stats(),
    spans: processor.stats(),
  });
}

export default {
  fetch(request: Request, _env: unknown, context: RequestContext): Promise<Response> {
    return served.run(request, () => serve(request, context));
  },
};
