import { assertEquals } from "@std/assert";
import { SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { BusTracer } from "@busbar/busbar/otel";

Deno.test("a status of OK is final, one of ERROR is not, and UNSET changes nothing", async () => {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const tracer = new BusTracer({ processor, scopeName: "test" });
  const { OK, ERROR, UNSET } = SpanStatusCode;
  const after = async (...codes: SpanStatusCode[]) => {
    exporter.reset();
    const span = tracer.startSpan("work");
    for (const code of codes) span.setStatus({ code });
    span.end();
    await processor.forceFlush();
    return exporter.getFinishedSpans()[0]?.status.code;
  };
  assertEquals(await after(OK, ERROR), OK);
  assertEquals(await after(OK, UNSET), OK);
  assertEquals(await after(ERROR, OK), OK);
  assertEquals(await after(ERROR, UNSET), ERROR);
  assertEquals(await after(), UNSET);
  await processor.shutdown();
});
