import { assert, assertEquals } from "@std/assert";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";
import { start } from "../../support/processes.ts";

const FOLDER = new URL("../../../examples/recipes/", import.meta.url).pathname;
const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

/** The parts of a pushed span that are looked at. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 2 is a server's. */
  readonly kind?: number;
  readonly status?: { readonly code?: number };
  readonly events?: readonly { readonly name: string }[];
}

/** The parts of a pushed log record that are looked at. */
interface LogRecord {
  readonly body: { readonly string: string };
  readonly severityText: string;
  readonly traceId: string;
}

/** The items of a signal that have arrived, in no order. */
function itemsOf<Item>({ received }: OtlpReceiver, path: string, scoped: string, items: string) {
  return received.filter((one) => one.path === path)
    // deno-lint-ignore no-explicit-any -- as the receiver hands it on
    .flatMap(({ body }) => Object.values(body).flat() as any[])
    .flatMap((resource) => resource[scoped] ?? [])
    .flatMap((scope) => (scope[items] ?? []) as Item[]);
}

for (const recipe of ["express.js", "fastify.ts", "hono.ts", "deno.ts"]) {
  Deno.test(`${recipe}: each request has its metric, span tree and log line`, async () => {
    await using receiver = await OtlpReceiver.start();
    await using service = start(Deno.execPath(), [
      ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"],
      ...["--allow-sys", FOLDER + recipe, "--enable-tracing", "--otlp-endpoint", receiver.endpoint],
    ], { env: { PORT: "0" } });
    const [, origin = ""] = await service.printed(/shop: (.*)\n/);
    const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
    const found = await fetch(`${origin}/items/7?q=1`, { headers: { traceparent } });
    assertEquals([found.status, await found.json()], [200, { stock: 12 }]);
    const broken = await fetch(`${origin}/items/broken`);
    await broken.body?.cancel();
    const missing = await fetch(`${origin}/nowhere/7`);
    await missing.body?.cancel();
    assertEquals([broken.status, missing.status], [500, 404]);
    service.kill("SIGTERM");
    const { code } = await service.ended;
    assertEquals(code, 143);

    // deno-lint-ignore no-explicit-any -- as the receiver hands it on
    const metrics = itemsOf<any>(receiver, "/v1/metrics", "scopeMetrics", "metrics");
    const attributesOf = (point: { attributes: { key: string; value: object }[] }) =>
      Object.fromEntries(point.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    const durations = metrics.find(({ name }) => name === "http.server.request.duration");
    // deno-lint-ignore no-explicit-any -- the same
    const counted = durations.histogram.dataPoints.map((point: any) => {
      const attributes = attributesOf(point);
      return [
        attributes["http.route"],
        attributes["http.response.status_code"],
        Number(point.count),
      ];
    });
    assertEquals(counted.map(String).sort(), [",404,1", "/items/:id,200,1", "/items/:id,500,1"]);
    const reads = metrics.find(({ name }) => name === "shop.stock.reads").sum.dataPoints;
    assertEquals(
      // deno-lint-ignore no-explicit-any -- the same
      reads.map((point: any) => attributesOf(point)["outcome"]).sort(),
      ["failed", "found"],
    );

    const spans = itemsOf<Span>(receiver, "/v1/traces", "scopeSpans", "spans");
    const inCallersTrace = spans.filter(({ traceId }) => traceId === CALLER.traceId);
    const root = inCallersTrace.find(({ kind }) => kind === 2);
    assertEquals([root?.name, root?.parentSpanId], ["GET /items/:id", CALLER.spanId]);
    const child = inCallersTrace.find(({ name }) => name === "stock.read");
    assertEquals([child?.parentSpanId, child?.status?.code ?? 0], [root?.spanId, 0]);
    const failed = spans.filter(({ status }) => status?.code === 2);
    assertEquals(failed.map(({ name }) => name).sort(), ["GET /items/:id", "stock.read"]);
    assertEquals(new Set(failed.map(({ traceId }) => traceId)).size, 1);
    for (const { name, events = [] } of failed) {
      assert(events.some((event) => event.name === "exception"), `${name} has no exception`);
    }
    assertEquals(spans.filter(({ kind }) => kind === 2).map(({ name }) => name).sort(), [
      "GET",
      "GET /items/:id",
      "GET /items/:id",
    ]);
    assertEquals(spans.length, 5);

    const records = itemsOf<LogRecord>(receiver, "/v1/logs", "scopeLogs", "logRecords");
    const lines = records.map(({ body, severityText }) =>
      `${severityText} ${body.string.replace(/ [\d.]+ ms$/, "")}`
    );
    assertEquals(lines.sort(), [
      "ERROR GET /items/broken 500",
      "INFO GET /items/7 200",
      "INFO GET /nowhere/7 404",
    ]);
    assert(records.some(({ traceId }) => traceId === CALLER.traceId));
  });
}

Deno.test("without a collector they are scraped on their own port, and print their log lines", async () => {
  await using service = start(Deno.execPath(), [
    ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"],
    ...["--allow-sys", `${FOLDER}express.js`],
  ], { env: { PORT: "0" } });
  const [, origin = ""] = await service.printed(/shop: (.*)\n/);
  await (await fetch(`${origin}/items/7`)).text();
  await service.printed(/"body":"GET \/items\/7 200/);
  const scrape = await (await fetch(`${origin}/metrics`)).text();
  assert(scrape.includes('http_route="/items/:id"'), scrape);
  assert(scrape.includes('shop_stock_reads_total{outcome="found"} 1\n'), scrape);
});
