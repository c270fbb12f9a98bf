// deno-lint-ignore-file no-explicit-any -- requests are looked into as a receiver does
import { assertEquals } from "@std/assert";
import { ValueType } from "@opentelemetry/api";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

/** What is logged of a push of so many spans, to a receiver that answers so. */
async function told(respond: () => Response, pushes = 1) {
  await using receiver = await OtlpReceiver.start(respond);
  const logger = new MemoryLogger();
  const { endpoint } = receiver;
  const { traces } = createOtlpExporters({ endpoint, logger, headers: { "User-Agent": "shop/1" } });
  const processor = new SpanBatchProcessor(traces, { logger });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  for (let i = 0; i < pushes; i++) {
    provider.getTracer("test").startSpan("read").end();
    await processor.forceFlush();
  }
  const stats = processor.stats();
  await provider.shutdown();
  const lines = logger.lines.map((line) => line.replace(`${endpoint}/v1/traces`, "URL"));
  return { lines, stats, received: receiver.received };
}

const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );

// opentelemetry.io/docs/specs/otlp, "Failures": the body is a Status, whose message is for people
Deno.test("what a receiver says of what it refuses is told, cut at a length", async () => {
  const cases: [type: string, body: Uint8Array<ArrayBuffer> | string, said: string][] = [
    // Status { code: 3, message: "no tenant", details: [""] }
    ["application/x-protobuf", bytes(8, 3, 18, 9, "no tenant", 26, 0), ": no tenant"],
    ["application/protobuf", bytes(18, 2, "no", 9, 1, 2, 3, 4, 5, 6, 7, 8), ": no"],
    ["application/x-protobuf", bytes(26, 1, "x", 13, 1, 2, 3, 4), ""],
    ["application/x-protobuf", bytes(0xff, 0xff, 0xff), ""],
    ["application/x-protobuf", bytes(18, 100, "cut off"), ""],
    ["application/json", '{"code":3,"message":"no tenant"}', ": no tenant"],
    ["application/problem+json", '{"message":5}', ""],
    ["application/json", "null", ""],
    ["application/json", "{", ""],
    ["text/plain; charset=utf-8", "quota is used up\n", ": quota is used up"],
    ["text/plain", "two\nlines", ": two\\u000alines"],
    ["text/plain", "x".repeat(1_000), `: ${"x".repeat(200)}… (800 more)`],
    ["text/html", "<html>400</html>", ""],
  ];
  for (const [type, body, said] of cases) {
    const { lines } = await told(() =>
      new Response(body, { status: 400, headers: { "content-type": type } })
    );
    assertEquals(lines, [
      `busbar: Cannot export 1 spans to URL, 1 in all: the receiver responded with 400${said}`,
    ], `${type}: ${body}`);
  }
});

// opentelemetry.io/docs/specs/otlp, "Partial Success": 0 rejected with a message is a warning
Deno.test("what a receiver says of what it has accepted is told, once and then backing off", async () => {
  const partial = bytes(10, 10, 18, 8, "old name");
  const { lines, stats } = await told(() => new Response(partial), 3);
  assertEquals(stats, { queued: 0, exported: 3, failed: 0, dropped: 0 });
  assertEquals(lines, ["busbar: URL accepted everything, and says: old name"]);
});

// opentelemetry.io/docs/specs/otel/protocol/exporter, "User Agent"
Deno.test("an exporter names itself, behind what the program calls itself", async () => {
  const { received } = await told(() => new Response());
  const { headers } = received[0]!;
  assertEquals(headers.get("content-type"), "application/x-protobuf");
  assertEquals(
    headers.get("user-agent")?.replace(/\d+\.\d+\.\d+$/, "VERSION"),
    "shop/1 Busbar-OTLP-Exporter-JavaScript/VERSION",
  );
});

// www.rfc-editor.org/rfc/rfc9110, "Content-Encoding": it says what has been done to the body
Deno.test("headers of the program's do not say how a body is sent", async () => {
  await using receiver = await OtlpReceiver.start();
  const logger = new MemoryLogger();
  const { traces } = createOtlpExporters({
    endpoint: receiver.endpoint,
    logger,
    headers: { "Content-Encoding": "gzip", "content-length": "3", "Transfer-Encoding": "chunked" },
  });
  const processor = new SpanBatchProcessor(traces, { logger });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  provider.getTracer("test").startSpan("read").end();
  await provider.shutdown();
  const { headers } = receiver.received[0]!;
  assertEquals(headers.get("content-encoding"), null);
  assertEquals(logger.lines, []);
});

// opentelemetry.io/docs/specs/otel/metrics/data-model: an integer has 64 bits
Deno.test("a sum that 64 bits do not hold is told once, and pushed as doubles with all others", async () => {
  await using receiver = await OtlpReceiver.start();
  const logger = new MemoryLogger();
  const { metrics } = createOtlpExporters({ endpoint: receiver.endpoint, logger });
  const reader = new PeriodicExportingMetricReader({ exporter: metrics });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("test");
  const long = meter.createCounter("long", { valueType: ValueType.INT });
  long.add(2 ** 62, { k: 1 });
  for (let i = 0; i < 4; i++) long.add(2 ** 62, { k: 2 });
  meter.createCounter("short", { valueType: ValueType.INT }).add(3);
  for (let i = 0; i < 2; i++) await provider.forceFlush();
  await provider.shutdown();
  assertEquals(logger.lines, [
    "busbar: long has a value that no integer of 64 bits holds: it is pushed as doubles",
  ]);
  const [{ metrics: pushed }] = receiver.received[1]!.body.resourceMetrics[0].scopeMetrics;
  assertEquals(
    pushed.map((
      { name, sum }: any,
    ) => [name, ...sum.dataPoints.map((point: any) => point.asDouble)]),
    [["long", 2 ** 62, 2 ** 64], ["short", undefined]],
  );
});
