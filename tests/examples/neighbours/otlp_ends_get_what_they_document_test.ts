import { assert, assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { type ObservabilityOptions, startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { datadogOptions } from "../../../examples/neighbours/datadog.ts";
import { sentryOptions } from "../../../examples/neighbours/sentry.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

interface ShopEvents {
  "order.start": undefined;
  "order.end": { status: string };
}
const { catalog, counter, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: { "shop.orders": counter("order.end") },
  spans: { order: span("order.start", "order.end") },
  logs: { "order.end": { level: "info" } },
});

/** Starts the shop, has it take an order, and ends it. */
async function takeOrder(
  options: Pick<ObservabilityOptions, "otlp" | "tracingEnabled">,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const logger = new MemoryLogger();
  const obs = await startObservability({
    ...options,
    catalog: shop,
    server: false,
    env: (name) => variables[name],
    logger,
  });
  obs.bus.publish("order.start", undefined, { sessionId: "o1" });
  obs.bus.publish("order.end", { status: "ok" }, { sessionId: "o1" });
  await obs.flush();
  await obs.shutdown();
  return logger.lines;
}

/** What arrived under a path, of which there is something. */
function arrived({ received }: OtlpReceiver, path: string) {
  const found = received.filter((one) => one.path === path);
  assert(found.length > 0, `nothing at ${path}: ${received.map((one) => one.path)}`);
  return found;
}

const FOLDER = "/api/456/integration/otlp";

Deno.test("Sentry gets spans and log records with its header, at its project's addresses", async () => {
  await using receiver = await OtlpReceiver.start(undefined, FOLDER);
  const dsn = receiver.endpoint.replace("://", "://abc123@") + "/456";
  await takeOrder(sentryOptions(dsn));
  const spans = arrived(receiver, `${FOLDER}/v1/traces`);
  const logs = arrived(receiver, `${FOLDER}/v1/logs`);
  for (const { headers } of receiver.received) {
    assertEquals(headers.get("x-sentry-auth"), "sentry sentry_key=abc123");
    assertEquals(headers.get("content-type"), "application/x-protobuf");
  }
  assertEquals(spans[0]?.body.resourceSpans[0].scopeSpans[0].spans[0].name, "order");
  const [record] = logs[0]!.body.resourceLogs[0].scopeLogs[0].logRecords;
  assertEquals(record.attributes.at(-1), { key: "status", value: { string: "ok" } });
  assertEquals(receiver.received.length, spans.length + logs.length);
});

Deno.test("Sentry's variables mean the same", async () => {
  await using receiver = await OtlpReceiver.start(undefined, FOLDER);
  const base = `${receiver.endpoint}${FOLDER}/v1`;
  const lines = await takeOrder({}, {
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${base}/traces`,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-sentry-auth=sentry sentry_key=abc123",
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${base}/logs`,
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-sentry-auth=sentry sentry_key=abc123",
  });
  for (const signal of ["traces", "logs"]) {
    const [first] = arrived(receiver, `${FOLDER}/v1/${signal}`);
    assertEquals(first?.headers.get("x-sentry-auth"), "sentry sentry_key=abc123", lines.join("\n"));
  }
});

Deno.test("a DSN leads to the addresses that Sentry shows for it", () => {
  const { otlp } = sentryOptions("https://abc123@o1.ingest.us.sentry.io/456");
  assertEquals(
    otlp?.traces?.endpoint,
    "https://o1.ingest.us.sentry.io/api/456/integration/otlp/v1/traces",
  );
  assertEquals(
    otlp?.logs?.endpoint,
    "https://o1.ingest.us.sentry.io/api/456/integration/otlp/v1/logs",
  );
  for (const none of ["https://o1.ingest.sentry.io/456", "https://abc123@o1.ingest.sentry.io/"]) {
    const error = assertThrows(() => sentryOptions(none), TypeError, "Cannot read the DSN");
    assert(!error.message.includes("abc123"));
  }
});

Deno.test("Datadog gets deltas and log records, each with its headers", async () => {
  await using receiver = await OtlpReceiver.start();
  await takeOrder(datadogOptions({ apiKey: "key", origin: receiver.endpoint }));
  const metrics = arrived(receiver, "/v1/metrics");
  const logs = arrived(receiver, "/v1/logs");
  assertEquals(receiver.received.length, metrics.length + logs.length);
  for (const { headers } of receiver.received) {
    assertEquals(headers.get("dd-api-key"), "key");
    assertEquals(headers.get("content-type"), "application/x-protobuf");
  }
  for (const { headers } of logs) assertEquals(headers.get("dd-protocol"), "otlp");
  // deno-lint-ignore no-explicit-any -- as the receiver hands it on
  const all: any[] = metrics.flatMap(({ body }) => body.resourceMetrics)
    // deno-lint-ignore no-explicit-any -- the same
    .flatMap((resource: any) => resource.scopeMetrics)
    // deno-lint-ignore no-explicit-any -- the same
    .flatMap((scope: any) => scope.metrics);
  const orders = all.find(({ name }) => name === "shop.orders");
  assertEquals([orders.sum.aggregationTemporality, orders.sum.dataPoints[0].asDouble], [1, 1]);
  const cumulative = all.filter(({ sum }) => sum?.isMonotonic && sum.aggregationTemporality !== 1);
  assertEquals(cumulative.map(({ name }) => name), []);
});

Deno.test("Datadog gets spans where an account takes part in the preview", async () => {
  await using receiver = await OtlpReceiver.start();
  const traces = { endpoint: `${receiver.endpoint}/v1/traces`, source: "shop-org" };
  await takeOrder(datadogOptions({ apiKey: "key", origin: receiver.endpoint, traces }));
  const [first] = arrived(receiver, "/v1/traces");
  assertEquals(
    ["dd-api-key", "dd-protocol", "dd-otlp-source"].map((name) => first?.headers.get(name)),
    ["key", "otlp", "shop-org"],
  );
  assertEquals(first?.body.resourceSpans[0].scopeSpans[0].spans[0].name, "order");
});
