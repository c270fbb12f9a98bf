import { assertEquals } from "@std/assert";
import { context, createContextKey } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { StackContextManager, TracerProvider } from "@opentelemetry/sdk-trace";
import { createOtlpExporters, LogBatchProcessor, SpanBatchProcessor } from "@busbar/busbar/otel";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

/** What instrumentations of `fetch` look for (`isTracingSuppressed` of `@opentelemetry/core`). */
const SUPPRESS = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

// opentelemetry.io/docs/specs/otel/trace/sdk, "Export(batch)": no spans of an exporter's own requests
Deno.test("a push of any signal, also one that is tried again, is traced by nobody", async () => {
  await using receiver = await OtlpReceiver.start((n) =>
    n === 0
      ? new Response("busy", { status: 503, headers: { "retry-after": "0" } })
      : new Response()
  );
  const suppressed: unknown[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (...args) => {
    suppressed.push(context.active().getValue(SUPPRESS));
    return fetch(...args);
  };
  context.setGlobalContextManager(new StackContextManager().enable());
  try {
    const { traces, metrics, logs } = createOtlpExporters({ endpoint: receiver.endpoint });
    const tracing = new TracerProvider({ spanProcessors: [new SpanBatchProcessor(traces)] });
    tracing.getTracer("test").startSpan("work").end();
    await tracing.shutdown();
    const logging = new LoggerProvider({ processors: [new LogBatchProcessor(logs)] });
    logging.getLogger("test").emit({ body: "said" });
    await logging.shutdown();
    const reader = new PeriodicExportingMetricReader({ exporter: metrics });
    const metering = new MeterProvider({ readers: [reader] });
    metering.getMeter("test").createCounter("count").add(1);
    await metering.shutdown();
  } finally {
    globalThis.fetch = fetch;
    context.disable();
  }
  assertEquals(suppressed, [true, true, true, true]);
  assertEquals(receiver.received.map(({ headers }) => headers.has("traceparent")), [
    false,
    false,
    false,
    false,
  ]);
});
