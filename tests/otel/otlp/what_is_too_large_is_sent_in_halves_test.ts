// deno-lint-ignore-file no-explicit-any -- requests are looked into as a receiver does
import { assertEquals, assertThrows } from "@std/assert";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  CountingMetricExporter,
  createOtlpExporters,
  type OtlpExportersOptions,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver, type Received } from "../../support/otlp_receiver.ts";

/** A receiver that takes no more than so many items in one request. */
async function startNarrow(maxCount: number, countOf: (body: Received["body"]) => number) {
  const receiver = await OtlpReceiver.start((n) =>
    countOf(receiver.received[n]?.body) > maxCount
      ? new Response("no", { status: 413, headers: { "retry-after": "0" } })
      : new Response()
  );
  const accepted = () =>
    receiver.received.map(({ body }) => body).filter((body) => countOf(body) <= maxCount);
  return { receiver, accepted, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
}

const spansIn = (body: Received["body"]): { name: string }[] =>
  body.resourceSpans.flatMap((one: any) => one.scopeSpans).flatMap((one: any) => one.spans);
const pointsIn = (body: Received["body"]): any[] =>
  body.resourceMetrics.flatMap((one: any) => one.scopeMetrics).flatMap((one: any) => one.metrics)
    .flatMap(({ sum, gauge }: any) => (sum ?? gauge).dataPoints);

async function pushSpans(count: number, options: OtlpExportersOptions) {
  const logger = new MemoryLogger();
  const processor = new SpanBatchProcessor(createOtlpExporters(options).traces, { logger });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("test");
  for (let i = 0; i < count; i++) tracer.startSpan(`span ${i}`).end();
  await processor.forceFlush();
  const stats = processor.stats();
  await provider.shutdown();
  return { stats, lines: logger.lines };
}

async function pushMetrics(series: readonly number[], options: OtlpExportersOptions) {
  const logger = new MemoryLogger();
  const exporter = new CountingMetricExporter(createOtlpExporters(options).metrics, { logger });
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("test");
  series.forEach((length, i) => {
    const counter = meter.createCounter(`counter.${i}`);
    for (let k = 0; k < length; k++) counter.add(1, { k });
  });
  await provider.forceFlush();
  const stats = exporter.stats();
  await provider.shutdown();
  return { stats, lines: logger.lines };
}

// RFC 9110, section 15.5.14; opentelemetry-specification#4852: what is too large is split, not lost
for (const protocol of ["http/protobuf", "http/json"] as const) {
  Deno.test(`spans that are too large together arrive all, each once, as ${protocol}`, async () => {
    await using narrow = await startNarrow(7, (body) => spansIn(body).length);
    const { endpoint } = narrow.receiver;
    const { stats, lines } = await pushSpans(100, { endpoint, protocol });
    assertEquals(stats, { queued: 0, exported: 100, failed: 0, dropped: 0 });
    assertEquals(lines, []);
    const names = narrow.accepted().flatMap(spansIn).map(({ name }) => name);
    assertEquals(names, Array.from({ length: 100 }, (_, i) => `span ${i}`));
  });

  Deno.test(`data points that are too large together arrive all as ${protocol}`, async () => {
    await using narrow = await startNarrow(9, (body) => pointsIn(body).length);
    const { endpoint } = narrow.receiver;
    const { stats } = await pushMetrics([40, 1, 30, 29], { endpoint, protocol });
    assertEquals(stats, { queued: 0, exported: 100, failed: 0, dropped: 0 });
    // At the flush and at the end.
    assertEquals(narrow.accepted().flatMap(pointsIn).length, 200);
  });
}

Deno.test("one item that is too large alone costs no other", async () => {
  const receiver = await OtlpReceiver.start((n) => {
    const names = spansIn(receiver.received[n]?.body).map(({ name }) => name);
    const headers = { "content-type": "text/plain" };
    return names.includes("span 5") ? new Response("no", { status: 413, headers }) : new Response();
  });
  await using _receiver = receiver;
  const { stats, lines } = await pushSpans(16, { endpoint: receiver.endpoint });
  assertEquals(stats, { queued: 0, exported: 15, failed: 1, dropped: 0 });
  assertEquals(lines, [
    `busbar: Cannot export 1 spans to ${receiver.endpoint}/v1/traces, 1 in all: the receiver ` +
    "responded with 413: no",
  ]);
});

Deno.test("what is refused whatever its size fails, and ends", async () => {
  await using narrow = await startNarrow(0, (body) => spansIn(body).length);
  const { stats } = await pushSpans(8, { endpoint: narrow.receiver.endpoint });
  assertEquals(stats, { queued: 0, exported: 0, failed: 8, dropped: 0 });
  assertEquals(narrow.receiver.received.length, 15);
});

Deno.test("metrics go out in requests of maxExportBatchSize data points", async () => {
  await using receiver = await OtlpReceiver.start();
  const { endpoint } = receiver;
  const options = { endpoint, metrics: { maxExportBatchSize: 32 } };
  const { stats } = await pushMetrics([50, 1, 49], options);
  assertEquals(stats.exported, 100);
  const lengths = receiver.received.map(({ body }) => pointsIn(body).length);
  assertEquals(lengths.reduce((sum, length) => sum + length, 0), 200);
  assertEquals(lengths.every((length) => length <= 32), true, String(lengths));
  for (const maxExportBatchSize of [0, 1.5, NaN]) {
    assertThrows(
      () => createOtlpExporters({ metrics: { maxExportBatchSize } }),
      RangeError,
      "Cannot create OTLP exporters: metrics.maxExportBatchSize must be a positive integer",
    );
  }
});

Deno.test("a push in several requests has failed as a whole only if none was accepted", async () => {
  const failure = async (statuses: readonly number[]) => {
    await using receiver = await OtlpReceiver.start((n) =>
      new Response("no", { status: statuses[n] ?? 200 })
    );
    const { endpoint } = receiver;
    const { metrics } = createOtlpExporters({ endpoint, metrics: { maxExportBatchSize: 1 } });
    const results: (number | string | undefined)[] = [];
    const exporter = {
      ...metrics,
      export: (...[items, callback]: Parameters<typeof metrics.export>) =>
        metrics.export(items, (result) => {
          const { rejectedCount } = (result.error ?? {}) as { rejectedCount?: number };
          results.push(result.code === 0 ? "accepted" : rejectedCount);
          callback({ code: 0 });
        }),
      forceFlush: () => metrics.forceFlush(),
      shutdown: () => metrics.shutdown(),
    };
    const provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter })],
    });
    for (const k of [1, 2, 3]) provider.getMeter("test").createCounter("counter").add(1, { k });
    await provider.forceFlush();
    await provider.shutdown();
    return results[0];
  };
  assertEquals(await failure([200, 200, 200]), "accepted");
  assertEquals(await failure([200, 400, 200]), 1);
  assertEquals(await failure([400, 400, 200]), 2);
  // Whoever pushes deltas may send these again.
  assertEquals(await failure([400, 400, 400]), undefined);
});
