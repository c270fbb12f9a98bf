import { assertEquals } from "@std/assert";
import { ValueType } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  BusTracer,
  createOtlpExporters,
  LogBatchProcessor,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";
import { toAttributes } from "../../support/otlp_attributes.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

const ATTRIBUTES = {
  hash: 2 ** 63,
  least: -(2 ** 63),
  share: NaN,
  list: [1, Infinity],
  count: 7,
  part: 0.5,
};

/** Pushes one item of each signal with these attributes, and gives what arrived, by path. */
async function push(protocol: "http/protobuf" | "http/json") {
  await using receiver = await OtlpReceiver.start();
  const { traces, logs, metrics } = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
  const processor = new SpanBatchProcessor(traces);
  const tracing = new TracerProvider({ spanProcessors: [processor] });
  const logging = new LoggerProvider({ processors: [new LogBatchProcessor(logs)] });
  const metering = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metrics })],
  });
  for (
    const tracer of [tracing.getTracer("test"), new BusTracer({ processor, scopeName: "events" })]
  ) {
    tracer.startSpan("read", { attributes: ATTRIBUTES }).addEvent("seen", ATTRIBUTES).end();
  }
  logging.getLogger("test").emit({ body: { size: 1e30 }, attributes: ATTRIBUTES });
  metering.getMeter("test").createUpDownCounter("level").add(NaN, ATTRIBUTES);
  for (const provider of [tracing, logging, metering]) await provider.shutdown();
  // deno-lint-ignore no-explicit-any -- decoded from outside
  type Decoded = any;
  const body = (path: string) => receiver.received.find((request) => request.path === path)?.body;
  return {
    spans: body("/v1/traces").resourceSpans.flatMap((of: Decoded) =>
      of.scopeSpans.map(({ spans }: Decoded) => spans[0])
    ) as Decoded[],
    record: body("/v1/logs").resourceLogs[0].scopeLogs[0].logRecords[0],
    point: body("/v1/metrics").resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints[0],
  };
}

// protobuf.dev/programming-guides/json: 64-bit integers are texts, and so is what is not finite
Deno.test("in JSON, every number is what it was, so that no request is refused", async () => {
  const written = {
    hash: 2 ** 63,
    least: "-9223372036854775808",
    share: "NaN",
    list: [1, "Infinity"],
    count: 7,
    part: 0.5,
  };
  const { spans, record, point } = await push("http/json");
  assertEquals(spans.length, 2);
  for (const item of [...spans, ...spans.map(({ events }) => events[0]), record, point]) {
    assertEquals(toAttributes(item.attributes), written);
  }
  assertEquals(toAttributes(record.body.kvlistValue.values), { size: 1e30 });
  assertEquals(point.asDouble, "NaN");
});

Deno.test("in protobuf, integers beyond 64 bits are doubles", async () => {
  const { spans, record, point } = await push("http/protobuf");
  assertEquals(spans.length, 2);
  for (const { attributes } of [...spans, record, point]) {
    assertEquals(toAttributes(attributes), {
      hash: 2 ** 63,
      least: -(2 ** 63),
      share: NaN,
      list: [1, undefined],
      count: 7,
      part: 0.5,
    });
  }
  assertEquals(point.asDouble, NaN);
});

Deno.test("integers of a metric of which one is beyond 64 bits are written as doubles", async () => {
  const values = { most: 2 ** 64, first: 2 ** 63, least: -(2 ** 63), held: 7 };
  const doubles = { most: 2 ** 64, first: 2 ** 63 };
  for (const protocol of ["http/json", "http/protobuf"] as const) {
    await using receiver = await OtlpReceiver.start();
    const { metrics } = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
    const provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: metrics })],
    });
    for (const [name, value] of Object.entries(values)) {
      const options = { valueType: ValueType.INT };
      provider.getMeter("test").createUpDownCounter(name, options).add(value);
    }
    await provider.shutdown();
    // deno-lint-ignore no-explicit-any -- decoded from outside
    const body: any = receiver.received[0]?.body;
    // deno-lint-ignore no-explicit-any -- decoded from outside
    const written = body.resourceMetrics[0].scopeMetrics[0].metrics.map(({ name, sum }: any) => {
      const { asInt, asDouble } = sum.dataPoints[0];
      if (asInt === undefined) return [name, asDouble, true];
      // Signed, which the receiver of the tests does not know.
      return [name, Number(BigInt.asIntN(64, BigInt(asInt))), false];
    });
    assertEquals(
      written,
      Object.entries(values).map(([name, value]) => [name, value, name in doubles]),
    );
  }
});
