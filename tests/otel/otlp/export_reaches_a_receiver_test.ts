import { assertEquals } from "@std/assert";
import { SeverityNumber, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  CountingMetricExporter,
  createOtlpExporters,
  LogBatchProcessor,
  type OtlpProtocol,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";
import { OtlpReceiver, type Received } from "../../support/otlp_receiver.ts";

const PROTOCOLS: readonly OtlpProtocol[] = ["http/protobuf", "http/json"];
const resource = resourceFromAttributes({ "service.name": "shop" });
const RESOURCE = { key: "service.name", value: { stringValue: "shop" } };

/** A value of the protocol, whatever its type is called there. */
function plain(value: Record<string, unknown>): unknown {
  const [only] = Object.values(value);
  return only;
}

function attributes(list: readonly { key: string; value: Record<string, unknown> }[] = []) {
  return Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));
}

function first({ received }: OtlpReceiver): Received {
  const [only] = received;
  if (only === undefined || received.length > 1) throw new Error(`${received.length} requests`);
  return only;
}

for (const protocol of PROTOCOLS) {
  Deno.test(`Spans arrive over ${protocol}`, async () => {
    await using receiver = await OtlpReceiver.start();
    const exporters = createOtlpExporters({
      endpoint: `${receiver.endpoint}/`,
      protocol,
      headers: { "x-token": "t", "x-common": "c" },
      traces: { headers: { "x-token": "own" } },
    });
    const processor = new SpanBatchProcessor(exporters.traces);
    const provider = new TracerProvider({ resource, spanProcessors: [processor] });
    const span = provider.getTracer("test").startSpan("read", {
      kind: SpanKind.CLIENT,
      startTime: [1_700_000_000, 1],
      attributes: { key: "a", hit: true },
    });
    span.setStatus({ code: SpanStatusCode.ERROR, message: "gone" });
    span.end([1_700_000_001, 2]);
    await provider.shutdown();

    const { path, headers, body } = first(receiver);
    assertEquals(path, "/v1/traces");
    assertEquals([headers.get("x-token"), headers.get("x-common")], ["own", "c"]);
    const [{ resource: from, scopeSpans }] = body.resourceSpans;
    assertEquals(attributes(from.attributes), { [RESOURCE.key]: plain(RESOURCE.value) });
    const [sent] = scopeSpans[0].spans;
    const { traceId, spanId } = span.spanContext();
    assertEquals([sent.name, sent.traceId, sent.spanId], ["read", traceId, spanId]);
    assertEquals(
      [sent.startTimeUnixNano, sent.endTimeUnixNano],
      ["1700000000000000001", "1700000001000000002"],
    );
    assertEquals(attributes(sent.attributes), { key: "a", hit: true });
    assertEquals(sent.status, { code: 2, message: "gone" });
    assertEquals(processor.stats(), { exported: 1, failed: 0, dropped: 0, queued: 0 });
  });

  Deno.test(`Log records arrive over ${protocol}`, async () => {
    await using receiver = await OtlpReceiver.start();
    const exporters = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
    const processor = new LogBatchProcessor(exporters.logs);
    const provider = new LoggerProvider({ resource, processors: [processor] });
    provider.getLogger("test").emit({
      severityNumber: SeverityNumber.WARN,
      severityText: "WARN",
      body: "out of stock",
      attributes: { item: 7 },
    });
    await provider.shutdown();

    const { path, body } = first(receiver);
    assertEquals(path, "/v1/logs");
    const [sent] = body.resourceLogs[0].scopeLogs[0].logRecords;
    assertEquals([sent.severityNumber, sent.severityText], [SeverityNumber.WARN, "WARN"]);
    assertEquals([plain(sent.body), attributes(sent.attributes)], ["out of stock", { item: 7 }]);
    assertEquals(processor.stats().exported, 1);
  });

  Deno.test(`Metrics arrive over ${protocol}, cumulative`, async () => {
    await using receiver = await OtlpReceiver.start();
    const exporters = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
    const exporter = new CountingMetricExporter(exporters.metrics);
    const provider = new MeterProvider({
      resource,
      readers: [new PeriodicExportingMetricReader({ exporter })],
    });
    const orders = provider.getMeter("test").createCounter("shop.orders", { unit: "orders" });
    orders.add(2.5, { paid: "yes" });
    await provider.forceFlush();
    orders.add(1, { paid: "yes" });
    await provider.shutdown();

    const sums = receiver.received.map(({ path, body }) => {
      const [{ name, unit, sum }] = body.resourceMetrics[0].scopeMetrics[0].metrics;
      const [point] = sum.dataPoints;
      const { aggregationTemporality } = sum;
      return [
        path,
        name,
        unit,
        point.asDouble,
        attributes(point.attributes),
        aggregationTemporality,
      ];
    });
    assertEquals(sums, [
      ["/v1/metrics", "shop.orders", "orders", 2.5, { paid: "yes" }, 2],
      ["/v1/metrics", "shop.orders", "orders", 3.5, { paid: "yes" }, 2],
    ]);
    assertEquals(exporter.stats(), { exported: 2, failed: 0, dropped: 0, queued: 0 });
  });
}

Deno.test("A signal may go elsewhere, in another protocol", async () => {
  await using receiver = await OtlpReceiver.start();
  const exporters = createOtlpExporters({
    endpoint: "http://127.0.0.1:1",
    traces: { endpoint: `${receiver.endpoint}/my/spans`, protocol: "http/json" },
  });
  const processor = new SpanBatchProcessor(exporters.traces);
  const provider = new TracerProvider({ spanProcessors: [processor] });
  provider.getTracer("test").startSpan("read").end();
  await provider.shutdown();
  const { path, headers } = first(receiver);
  assertEquals([path, headers.get("content-type")], ["/my/spans", "application/json"]);
});

Deno.test("Payloads are compressed where that is set, and an undefined option counts as absent", async () => {
  await using receiver = await OtlpReceiver.start();
  const exporters = createOtlpExporters({
    endpoint: receiver.endpoint,
    compression: "gzip",
    headers: undefined,
    timeoutMs: undefined,
    traces: { endpoint: undefined, protocol: undefined, headers: undefined },
    logs: { compression: "none" },
  });
  const processor = new SpanBatchProcessor(exporters.traces);
  const provider = new TracerProvider({ spanProcessors: [processor] });
  provider.getTracer("test").startSpan("read").end();
  await provider.shutdown();
  const logProcessor = new LogBatchProcessor(exporters.logs);
  const logs = new LoggerProvider({ processors: [logProcessor] });
  logs.getLogger("test").emit({ body: "read" });
  await logs.shutdown();

  const [spans, records] = receiver.received;
  assertEquals(spans?.headers.get("content-encoding"), "gzip");
  assertEquals(spans?.body.resourceSpans[0].scopeSpans[0].spans[0].name, "read");
  assertEquals(records?.headers.get("content-encoding"), null);
});

Deno.test("A burst of 100,000 ended spans in one turn loses none", async () => {
  const kept = new Set<string>();
  const processor = new SpanBatchProcessor({
    export: (spans, done) => {
      for (const span of spans) kept.add(span.spanContext().spanId);
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  }, { maxQueueSize: 100_000 });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("test");
  for (let i = 0; i < 100_000; i++) tracer.startSpan("read").end();
  await processor.forceFlush();
  assertEquals(kept.size, 100_000);
  assertEquals(processor.stats(), { exported: 100_000, failed: 0, dropped: 0, queued: 0 });
  await processor.shutdown();
});

Deno.test("A signal ends the wait for a receiver that does not respond", async () => {
  const controller = new AbortController();
  const processor = new SpanBatchProcessor({
    export: () => controller.abort(),
    shutdown: () => Promise.resolve(),
  }, { logger: { warn() {} } });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("test");
  tracer.startSpan("read").end();
  await processor.forceFlush({ signal: controller.signal });
  assertEquals(processor.stats().queued, 1);
  tracer.startSpan("read").end();
  await processor.shutdown({ signal: controller.signal });
  // The one whose export was cut off, and the one that was still queued.
  assertEquals(processor.stats(), { exported: 0, failed: 1, dropped: 1, queued: 0 });
});
