import { assertEquals } from "@std/assert";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtlpExporters, LogBatchProcessor, SpanBatchProcessor } from "@busbar/busbar/otel";
import { toAttributes } from "./attributes.ts";
import { OtlpReceiver } from "./otlp_receiver.ts";

const ATTRIBUTES = { hash: 2 ** 63, share: NaN, list: [1, Infinity], count: 7, part: 0.5 };

/** Pushes one item of each signal with these attributes, and gives what arrived, by path. */
async function push(protocol: "http/protobuf" | "http/json") {
  await using receiver = new OtlpReceiver();
  const { traces, logs, metrics } = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
  const tracing = new TracerProvider({ spanProcessors: [new SpanBatchProcessor(traces)] });
  const logging = new LoggerProvider({ processors: [new LogBatchProcessor(logs)] });
  const metering = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metrics })],
  });
  const span = tracing.getTracer("test").startSpan("read", { attributes: ATTRIBUTES });
  span.addEvent("seen", ATTRIBUTES);
  span.end();
  logging.getLogger("test").emit({ body: { size: 1e30 }, attributes: ATTRIBUTES });
  metering.getMeter("test").createUpDownCounter("level").add(NaN, ATTRIBUTES);
  for (const provider of [tracing, logging, metering]) await provider.shutdown();
  const body = (path: string) => receiver.received.find((request) => request.path === path)?.body;
  return {
    span: body("/v1/traces").resourceSpans[0].scopeSpans[0].spans[0],
    record: body("/v1/logs").resourceLogs[0].scopeLogs[0].logRecords[0],
    point: body("/v1/metrics").resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints[0],
  };
}

Deno.test("in JSON, a number that it cannot carry is written as text, so that no request is refused", async () => {
  const written = {
    hash: "9223372036854776000",
    share: "NaN",
    list: [1, "Infinity"],
    count: 7,
    part: 0.5,
  };
  const { span, record, point } = await push("http/json");
  for (const item of [span, span.events[0], record, point]) {
    assertEquals(toAttributes(item.attributes), written);
  }
  assertEquals(toAttributes(record.body.kvlistValue.values), { size: "1e+30" });
  assertEquals(point.asDouble, "NaN");
});

Deno.test("in protobuf, only integers beyond 64 bits are", async () => {
  const { span, record, point } = await push("http/protobuf");
  for (const { attributes } of [span, record, point]) {
    assertEquals(toAttributes(attributes), {
      hash: "9223372036854776000",
      share: NaN,
      list: [1, undefined],
      count: 7,
      part: 0.5,
    });
  }
  assertEquals(point.asDouble, NaN);
});
