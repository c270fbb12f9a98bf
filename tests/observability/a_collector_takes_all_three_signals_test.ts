import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { freePort, serve } from "../support/loopback.ts";
import { start } from "../support/processes.ts";

/** An OpenTelemetry Collector of any distribution. */
const COLLECTOR = process.env["OTELCOL_BIN"];

interface ShopEvents {
  "checkout.start": { cart: string };
  "checkout.end": { total: number };
}
const { catalog, counter, duration, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: {
    "shop.checkouts": counter("checkout.end"),
    "shop.checkout.duration": duration("checkout.start", "checkout.end"),
  },
  spans: { checkout: span("checkout.start", "checkout.end") },
  logs: { "checkout.end": { level: "info", body: ({ metadata }) => `paid ${metadata.total}` } },
});

/** A collector that hands on what it takes, as OTLP/JSON, to a receiver of ours. */
async function startCollector(receiver: string) {
  const otlp = await freePort();
  const config = JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    processors: { batch: { timeout: "50ms" } },
    exporters: {
      otlphttp: { endpoint: receiver, encoding: "json", compression: "none" },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: Object.fromEntries(
        ["metrics", "traces", "logs"].map((signal) => [
          signal,
          { receivers: ["otlp"], processors: ["batch"], exporters: ["otlphttp"] },
        ]),
      ),
    },
  });
  const child = start(COLLECTOR ?? "", [`--config=yaml:${config}`]);
  await child.printed(/Everything is ready/, "stderr");
  return {
    endpoint: `http://127.0.0.1:${otlp}`,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

for (const protocol of ["http/protobuf", "http/json"] as const) {
  Deno.test({
    name: `a real collector takes metrics, a span and a log record as ${protocol}`,
    ignore: COLLECTOR === undefined,
    async fn() {
      // deno-lint-ignore no-explicit-any -- read as a receiver would
      const received: Record<string, any> = {};
      await using receiver = await serve(async (request) => {
        received[new URL(request.url).pathname] = await request.json();
        return Response.json({});
      });
      await using collector = await startCollector(receiver.origin);
      const obs = await startObservability<ShopEvents>({
        env: () => undefined,
        catalog: shop,
        serviceName: "shop",
        tracingEnabled: true,
        otlp: { endpoint: collector.endpoint, protocol, compression: "gzip" },
      });
      obs.bus.publish("checkout.start", { cart: "c1" }, { sessionId: "s1" });
      obs.bus.publish("checkout.end", { total: 42 }, { sessionId: "s1" });
      assertEquals(await obs.flush(), true);
      await obs.shutdown();
      await collector[Symbol.asyncDispose](); // it hands on what it holds

      const names = received["/v1/metrics"].resourceMetrics[0].scopeMetrics.flatMap(
        (scope: { metrics: { name: string }[] }) => scope.metrics.map(({ name }) => name),
      );
      assert(names.includes("shop.checkouts") && names.includes("shop.checkout.duration"), names);
      const span = received["/v1/traces"].resourceSpans[0].scopeSpans[0].spans[0];
      assertEquals(span.name, "checkout");
      const record = received["/v1/logs"].resourceLogs[0].scopeLogs[0].logRecords[0];
      assertEquals([record.body.stringValue, record.traceId], ["paid 42", span.traceId]);
    },
  });
}
