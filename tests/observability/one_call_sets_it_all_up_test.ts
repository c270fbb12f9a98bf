import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { request } from "node:http";
import { serve } from "../support/loopback.ts";

interface ShopEvents {
  "checkout.start": { cart: string };
  "checkout.end": { total: number; status: "ok" | "declined" };
}

const { catalog, counter, duration, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: {
    "shop.checkouts": counter("checkout.end", {
      attributes: (e) => ({ status: e.metadata.status }),
    }),
    "shop.checkout.duration": duration("checkout.start", "checkout.end", { unit: "s" }),
  },
  spans: { checkout: span("checkout.start", "checkout.end") },
  logs: { "checkout.end": { level: "info" } },
});
const NO_ENV = { env: () => undefined, prometheus: { port: 0 }, logSink: () => {} };

/** Takes OTLP/JSON and keeps what comes, by signal. */
async function startReceiver() {
  const received: Record<string, unknown[]> = { traces: [], metrics: [], logs: [] };
  const server = await serve(async (req) => {
    const signal = new URL(req.url).pathname.split("/").at(-1) ?? "";
    const body = req.headers.get("content-encoding") === "gzip"
      ? req.body?.pipeThrough(new DecompressionStream("gzip"))
      : req.body;
    received[signal]?.push(await new Response(body).json());
    return Response.json({});
  });
  return {
    received,
    endpoint: server.origin,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function publishCheckout(bus: EventBus<ShopEvents>): void {
  bus.publish("checkout.start", { cart: "c1" }, { sessionId: "s1" });
  bus.publish("checkout.end", { total: 42, status: "ok" }, { sessionId: "s1" });
}

Deno.test("metrics are pulled where no endpoint is set", async () => {
  const lines: string[] = [];
  await using obs = await startObservability<ShopEvents>({
    ...NO_ENV,
    catalog: shop,
    serviceName: "shop",
    logSink: (record) => void lines.push(record.body),
  });
  publishCheckout(obs.bus);
  assertEquals(await obs.flush(), true);
  const response = await fetch(obs.metricsUrl ?? "");
  const scrape = await response.text();
  assert(scrape.includes('shop_checkouts_total{status="ok"} 1\n'), scrape);
  assert(scrape.includes("shop_checkout_duration_seconds_count 1\n"), scrape);
  assert(scrape.includes("busbar_event_bus_delivered_events_total 2\n"), scrape);
  assert(scrape.includes('service_name="shop"'), scrape);
  assertEquals(lines, ["checkout.end"]);
});

Deno.test("all three signals are pushed, tied together by one trace", async () => {
  await using receiver = await startReceiver();
  const { endpoint, received } = receiver;
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    catalog: shop,
    serviceName: "shop",
    tracingEnabled: true,
    otlp: { endpoint, protocol: "http/json", compression: "gzip" },
    prometheus: { port: 0 },
  });
  publishCheckout(obs.bus);
  assertEquals(await obs.flush(), true);
  const accept = { headers: { accept: "application/openmetrics-text; version=1.0.0" } };
  const openMetrics = await (await fetch(obs.metricsUrl ?? "", accept)).text();
  await obs.shutdown();

  // deno-lint-ignore no-explicit-any -- read as a receiver would
  const [trace, log, metric] = [received["traces"], received["logs"], received["metrics"]] as any;
  const span = trace[0].resourceSpans[0].scopeSpans[0].spans[0];
  assertEquals(span.name, "checkout");
  const record = log[0].resourceLogs[0].scopeLogs[0].logRecords[0];
  assertEquals(record.traceId, span.traceId);
  const names = metric[0].resourceMetrics[0].scopeMetrics.flatMap(
    (scope: { metrics: { name: string }[] }) => scope.metrics.map(({ name }) => name),
  );
  assert(names.includes("shop.checkouts") && names.includes("busbar.event_bus.queue_depth"));
  assert(openMetrics.includes(`# {trace_id="${span.traceId}"`), openMetrics);
  assert(openMetrics.includes('busbar_export_exported_items_total{signal="traces"} 1'));
});

Deno.test("what could not be done as declared is among the metrics", async () => {
  await using receiver = await startReceiver();
  await using obs = await startObservability<ShopEvents>({
    ...NO_ENV,
    catalog: { ...shop, logs: { "checkout.end": { level: "info", maxPerSecond: 1 } } },
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint, protocol: "http/json" },
    logger: new MemoryLogger(),
  });
  for (let i = 0; i < 3; i++) {
    obs.bus.publish("checkout.end", { total: 1, status: "ok" }, {
      sessionId: "s1",
      timestamp: 1_000,
      traceparent: "00-no",
    });
  }
  obs.bus.publish("checkout.start", { cart: "c" }, { sessionId: "s2", traceparent: "00-no" });
  await obs.flush();
  const scrape = await (await fetch(obs.metricsUrl ?? "")).text();
  for (
    const line of [
      "busbar_metrics_orphaned_ends_total 3",
      "busbar_spans_orphaned_ends_total 3",
      "busbar_spans_open 1",
      "busbar_spans_invalid_traceparents_total 1",
      'busbar_logs_suppressed_records_total{event_type="checkout.end"} 2',
    ]
  ) assert(scrape.includes(`${line}\n`), `${line} is not in\n${scrape}`);
});

Deno.test("a shutdown drains, flushes and closes in this order, once", async () => {
  const order: string[] = [];
  await using receiver = await startReceiver();
  class Last extends EventSubscriber<ShopEvents> {
    getSubscriptions(): Subscriptions<ShopEvents> {
      return { "checkout.end": () => void order.push("handled") };
    }
    override flush() {
      order.push(`flushed, ${receiver.received["logs"]?.length} pushed`);
    }
    override shutdown() {
      order.push("shut down");
    }
  }
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    catalog: shop,
    subscribers: [new Last()],
    otlp: { endpoint: receiver.endpoint, protocol: "http/json" },
    prometheus: { port: 0 },
  });
  publishCheckout(obs.bus);
  const first = obs.shutdown();
  assert(first === obs.shutdown());
  await first;
  assertEquals(order, ["handled", "flushed, 0 pushed", "shut down"]);
  assertEquals(receiver.received["logs"]?.length, 1);
  assertEquals(obs.bus.publish("checkout.start", { cart: "" }), false);
  await assertRejects(() => fetch(obs.metricsUrl ?? ""));
});

Deno.test("what fails at a shutdown is gathered, and keeps nothing else from ending", async () => {
  const logger = new MemoryLogger();
  class Hanging extends EventSubscriber<ShopEvents> {
    getSubscriptions(): Subscriptions<ShopEvents> {
      return {};
    }
    override flush(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const obs = await startObservability<ShopEvents>({
    ...NO_ENV,
    catalog: shop,
    logger,
    subscribers: [new Hanging()],
  });
  const error = await assertRejects(() => obs.shutdown({ timeoutMs: 50 }), AggregateError);
  assertEquals(error.message.startsWith("Cannot drain the bus: its time ran out"), true);
  assertEquals((error as AggregateError).errors.length, 1);
  await assertRejects(() => fetch(obs.metricsUrl ?? ""));
});

Deno.test("a bus of one's own is flushed, and goes on after the shutdown", async () => {
  const bus = new EventBus<ShopEvents>({ logger: new MemoryLogger() });
  const obs = await startObservability<ShopEvents>({ ...NO_ENV, catalog: shop, bus });
  const again = () => startObservability<ShopEvents>({ ...NO_ENV, catalog: shop, bus });
  const error = await assertRejects(again, Error);
  assert(error.message.includes("bus must not be under observation already"), error.message);
  publishCheckout(bus);
  await obs.shutdown();
  assertEquals(bus.stats().delivered, 2);
  assertEquals(bus.publish("checkout.start", { cart: "" }), true);
  await (await again()).shutdown();
  await bus.stop();
});

Deno.test("another global provider is explained, and nothing is left behind", async () => {
  const logger = new MemoryLogger();
  const options = { ...NO_ENV, catalog: shop, logger, registerGlobally: true };
  const obs = await startObservability<ShopEvents>(options);
  const other = { ...options, serviceName: "other" };
  const error = await assertRejects(() => startObservability<ShopEvents>(other), Error);
  assert(error.message.includes("global meter provider is registered already"), error.message);
  await obs.shutdown();
  const next = await startObservability<ShopEvents>(options);
  await next.shutdown();
});

Deno.test("an address in use leaves nothing started", async () => {
  const first = await startObservability<ShopEvents>({ ...NO_ENV, catalog: shop });
  const port = Number(new URL(first.metricsUrl ?? "").port);
  const bus = new EventBus<ShopEvents>({ logger: new MemoryLogger() });
  const start = () =>
    startObservability<ShopEvents>({ ...NO_ENV, catalog: shop, bus, prometheus: { port } });
  const error = await assertRejects(start, Error);
  assertEquals(error.name, "AddressInUseError");
  assertEquals(bus.hasSubscribers("checkout.end"), false);
  await first.shutdown();
});

Deno.test("disabled, it opens nothing and answers all the same", async () => {
  const obs = await startObservability<ShopEvents>({
    catalog: shop,
    env: (name) => name === "OTEL_SDK_DISABLED" ? "true" : undefined,
  });
  assertEquals(obs.bus.enabled, false);
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(await obs.flush(), true);
  await obs.shutdown();
});

Deno.test("the server has routes, host names and a token of the program's own", async () => {
  await using obs = await startObservability({
    ...NO_ENV,
    ready: () => Promise.resolve(false),
    routes: [{ path: "/version", handle: () => new Response("1.2.3\n") }],
    allowedHosts: ["metrics.example"],
    token: "secret",
  });
  const ask = (path: string, headers: Record<string, string> = {}): Promise<number | undefined> =>
    new Promise((resolve, reject) =>
      request(new URL(path, obs.metricsUrl), { agent: false, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      }).on("error", reject).end()
    );
  const authorization = "Bearer secret";
  assertEquals(await ask("/version", { authorization }), 200);
  assertEquals(await ask("/version", { authorization, host: "metrics.example" }), 200);
  assertEquals(await ask("/version", { authorization, host: "evil.example" }), 403);
  assertEquals(await ask("/metrics"), 401);
  assertEquals(await ask("/readyz"), 503);
});
