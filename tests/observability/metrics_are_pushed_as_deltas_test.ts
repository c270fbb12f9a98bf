import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver, type Received } from "../support/otlp_receiver.ts";

interface ShopEvents {
  order: { shop: string; total: number };
  open: { by: number };
}
const { catalog, counter, histogram, upDownCounter } = declare<ShopEvents>();
const shop = catalog({
  metrics: {
    "shop.orders": counter("order", { attributes: ({ metadata: { shop } }) => ({ shop }) }),
    "shop.totals": histogram("order", { value: ({ metadata }) => metadata.total, unit: "s" }),
    "shop.open": upDownCounter("open", { value: ({ metadata }) => metadata.by }),
  },
});
const DELTA = 1;
const CUMULATIVE = 2;

interface Point {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly min?: number;
}

/** One metric of a request, as its bytes have it. */
function metricOf({ body }: Received, name: string) {
  // deno-lint-ignore no-explicit-any -- read as a receiver would
  const all = body.resourceMetrics[0].scopeMetrics.flatMap((scope: any) => scope.metrics);
  // deno-lint-ignore no-explicit-any -- as above
  const metric = all.find((metric: any) => metric.name === name);
  const { aggregationTemporality, dataPoints } = metric?.sum ?? metric?.histogram ?? {};
  return {
    temporality: aggregationTemporality as number | undefined,
    points: (dataPoints ?? []) as Point[],
  };
}

async function pushOrder(obs: Observability<ShopEvents>, shop: string, total: number) {
  obs.bus.publish("order", { shop, total });
  obs.bus.publish("open", { by: 1 });
  await obs.flush();
}

async function scrape(obs: Observability<ShopEvents>): Promise<string> {
  return await (await fetch(obs.metricsUrl ?? "")).text();
}

Deno.test("deltas are pushed, totals scraped, and a failed push comes with the next", async () => {
  const answers = [200, 500, 200, 200];
  await using receiver = await OtlpReceiver.start((n) =>
    new Response(null, { status: answers[n] ?? 200 })
  );
  const logger = new MemoryLogger();
  const env: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "Delta",
  };
  const obs = await startObservability<ShopEvents>({
    env: (name) => env[name],
    prometheus: { port: 0 },
    catalog: shop,
    logger,
  });
  await pushOrder(obs, "a", 1);
  await pushOrder(obs, "a", 2); // refused
  await pushOrder(obs, "a", 4);
  await pushOrder(obs, "b", 8);
  const text = await scrape(obs);
  await obs.shutdown();

  const { received } = receiver;
  const orders = received.slice(0, 4).map((request) => metricOf(request, "shop.orders"));
  assertEquals(orders.map(({ temporality }) => temporality), [DELTA, DELTA, DELTA, DELTA]);
  assertEquals(orders.map(({ points }) => points.map(({ asDouble }) => asDouble)), [
    [1],
    [1],
    [2], // with what was refused
    [1], // of "b"; "a" is unchanged
  ]);
  const [first, second, third, fourth] = orders.map(({ points }) => points[0]);
  assertEquals(second?.startTimeUnixNano, first?.timeUnixNano);
  assertEquals(third?.startTimeUnixNano, first?.timeUnixNano);
  assertEquals(fourth?.startTimeUnixNano, third?.timeUnixNano);
  const totals = received.slice(0, 4).map((request) => metricOf(request, "shop.totals"));
  assertEquals(
    totals.map(({ temporality, points: [point] }) => [
      temporality,
      point?.count,
      point?.sum,
      point?.min,
    ]),
    [[DELTA, "1", 1, undefined], [DELTA, "1", 2, undefined], [DELTA, "2", 6, undefined], [
      DELTA,
      "1",
      8,
      undefined,
    ]],
  );
  const open = received.slice(0, 4).map((request) => metricOf(request, "shop.open"));
  assertEquals(
    open.map(({ temporality, points: [point] }) => [temporality, point?.asDouble]),
    [[CUMULATIVE, 1], [CUMULATIVE, 2], [CUMULATIVE, 3], [CUMULATIVE, 4]],
  );
  // The SDK's own observable counters obey too.
  const delivered = received.map((request) =>
    metricOf(request, "busbar.event_bus.delivered_events")
  );
  assert(delivered.every(({ temporality }) => temporality === DELTA || temporality === undefined));
  assertEquals(
    delivered.slice(0, 4).map(({ points: [point] }) => point?.asDouble),
    [2, 2, 4, 2],
  );
  assert(text.includes('shop_orders_total{shop="a"} 3\n'), text);
  assert(text.includes("shop_totals_seconds_count 4\n"), text);
  assert(text.includes("busbar_event_bus_delivered_events_total 8\n"), text);
  const lines = logger.lines.filter((line) => line.includes("Cannot"));
  assertEquals(lines.length, 1);
  assert(/^busbar: Cannot export \d+ data points/.test(lines[0] ?? ""), lines[0]);
});

Deno.test("what an unanswered last push held is reported as lost", async () => {
  await using receiver = await OtlpReceiver.start(() => new Response(null, { status: 500 }));
  const logger = new MemoryLogger();
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    otlp: { endpoint: receiver.endpoint, metrics: { temporalityPreference: "lowmemory" } },
    catalog: shop,
    logger,
  });
  await pushOrder(obs, "a", 1);
  await obs.shutdown();
  const { received } = receiver;
  const last = received[received.length - 1] as Received;
  assertEquals(metricOf(last, "shop.orders").temporality, DELTA);
  const delivered = metricOf(last, "busbar.event_bus.delivered_events");
  assertEquals(delivered.temporality, CUMULATIVE);
  assert(
    logger.lines.at(-1)?.startsWith("busbar: Cannot export the deltas of"),
    logger.lines.join("\n"),
  );
});

Deno.test("by default they are cumulative, with their extremes", async () => {
  await using receiver = await OtlpReceiver.start();
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    otlp: { endpoint: receiver.endpoint },
    catalog: shop,
  });
  await pushOrder(obs, "a", 1);
  await pushOrder(obs, "a", 2);
  await obs.shutdown();
  const { received } = receiver;
  const { temporality, points: [point] } = metricOf(received[1] as Received, "shop.totals");
  assertEquals([temporality, point?.count, point?.min], [CUMULATIVE, "2", 1]);
});

Deno.test("metrics are pushed in requests of otlp.metrics.maxExportBatchSize data points", async () => {
  await using receiver = await OtlpReceiver.start();
  const obs = await startObservability<ShopEvents>({
    env: () => undefined,
    catalog: shop,
    logger: new MemoryLogger(),
    otlp: { endpoint: receiver.endpoint, metrics: { maxExportBatchSize: 3 } },
  });
  assertEquals(await obs.flush(), true);
  // deno-lint-ignore no-explicit-any -- requests are looked into as a receiver does
  const pointsIn = ({ body }: { body: any }) =>
    // deno-lint-ignore no-explicit-any -- requests are looked into as a receiver does
    body.resourceMetrics[0].scopeMetrics.flatMap(({ metrics }: any) => metrics)
      // deno-lint-ignore no-explicit-any -- requests are looked into as a receiver does
      .reduce((sum: number, { sum: total, gauge, histogram }: any) =>
        sum + (total ?? gauge ?? histogram).dataPoints.length, 0);
  const counts = receiver.received.map(pointsIn);
  await obs.shutdown();
  assertEquals(counts.length > 1 && counts.every((count) => count <= 3), true, String(counts));
});
