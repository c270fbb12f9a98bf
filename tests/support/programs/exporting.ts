// deno-lint-ignore-file no-console -- the test that runs it reads what is printed
/** Run by a test, in Deno without --allow-env: exports one of each signal to its argument. */
import process from "node:process";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  CountingMetricExporter,
  createOtlpExporters,
  LogBatchProcessor,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";

const exporters = createOtlpExporters({ endpoint: process.argv[2] ?? "", timeoutMs: 5_000 });
const spans = new SpanBatchProcessor(exporters.traces);
const records = new LogBatchProcessor(exporters.logs);
const points = new CountingMetricExporter(exporters.metrics);
const tracing = new TracerProvider({ spanProcessors: [spans] });
const logging = new LoggerProvider({ processors: [records] });
const metrics = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: points })],
});
tracing.getTracer("test").startSpan("read").end();
logging.getLogger("test").emit({ body: "read" });
metrics.getMeter("test").createCounter("reads").add(1);
await Promise.all([tracing.forceFlush(), logging.forceFlush(), metrics.forceFlush()]);
console.log(JSON.stringify([spans.stats(), points.stats(), records.stats()]));
// Nothing is shut down: no timer may keep the process alive.
