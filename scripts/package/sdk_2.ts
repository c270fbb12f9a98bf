import { createProject } from "./consumer.ts";
import { BUSBAR, type Package } from "./packages.ts";
import { run } from "./run.ts";
import { tools } from "./tools.ts";

/** A program that has the SDK of the generation before, which asks for an older API. */
const SDK_2 = {
  "@opentelemetry/sdk-metrics": "2.2.0",
  "@opentelemetry/sdk-trace-base": "2.2.0",
  "@opentelemetry/api": "1.9.0",
};

/** It records a metric, and a span with its child. */
const PROGRAM = `import { metrics, trace } from "@opentelemetry/api";
import * as sdk from "@opentelemetry/sdk-metrics";
import * as sdkTrace from "@opentelemetry/sdk-trace-base";
import { EventBus } from "${BUSBAR.name}";
import { declare } from "${BUSBAR.name}/catalog";
import { subscribeCatalog } from "${BUSBAR.name}/subscribers";

for (const entry of ["library", "exit", "testing", "context", "http", "kv-cache", "instrumentation/runtime"]) {
  await import("${BUSBAR.name}/" + entry);
}
for (const entry of ["otel", "observability"]) {
  const failed = await import("${BUSBAR.name}/" + entry).then(() => false, () => true);
  if (!failed) throw new Error("the guide says that this needs a later API: " + entry);
}
const exporter = new sdk.InMemoryMetricExporter(sdk.AggregationTemporality.CUMULATIVE);
const reader = new sdk.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 });
const meterProvider = new sdk.MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(meterProvider);
const spanExporter = new sdkTrace.InMemorySpanExporter();
const tracerProvider = new sdkTrace.BasicTracerProvider({
  spanProcessors: [new sdkTrace.SimpleSpanProcessor(spanExporter)],
});
trace.setGlobalTracerProvider(tracerProvider);

const bus = new EventBus().start();
const { catalog, counter, span } = declare();
const operationId = () => "1";
const jobs = catalog({
  metrics: { jobs: counter("ended") },
  spans: {
    job: span("begun", "ended", { operationId, attributes: ({ metadata: { id } }) => ({ id }) }),
    step: span("step.begun", "step.ended", { operationId, parent: "job" }),
  },
});
subscribeCatalog(bus, jobs, { meter: metrics.getMeter("app"), tracer: trace.getTracer("app") });
const init = (timestamp) => ({ timestamp, sessionId: "s" });
bus.publish("begun", { id: 7 }, init(1000));
bus.publish("step.begun", {}, init(1250));
bus.publish("step.ended", {}, init(1500));
bus.publish("ended", {}, init(2000));
await bus.flush();
await meterProvider.forceFlush();
await tracerProvider.forceFlush();
const collected = exporter.getMetrics().at(-1).scopeMetrics.flatMap(({ metrics }) => metrics);
console.log(collected.find(({ descriptor }) => descriptor.name === "jobs").dataPoints[0].value);
const spans = spanExporter.getFinishedSpans();
const nameOf = (context) =>
  spans.find((span) => span.spanContext().spanId === context?.spanId)?.name ?? "none";
for (const { name, startTime, endTime, parentSpanContext, attributes } of spans) {
  console.log(name, nameOf(parentSpanContext), startTime, endTime, attributes);
}
await meterProvider.shutdown();
await tracerProvider.shutdown();
await bus.stop();
`;

const OUTPUT = `1
step job [ 1, 250000000 ] [ 1, 500000000 ] {}
job none [ 1, 0 ] [ 2, 0 ] { id: 7 }
`;

/** Beside an SDK of 2.x, which has an older API, what needs the API alone records into that SDK. */
export async function checkBesideSdk2({ tarball }: Package): Promise<void> {
  await using project = await createProject({ [BUSBAR.name]: `file:${tarball}`, ...SDK_2 });
  await Deno.writeTextFile(`${project.directory}main.mjs`, PROGRAM);
  const output = await run(tools.node22, ["main.mjs"], { cwd: project.directory });
  if (output !== OUTPUT) {
    throw new Error(`Cannot record into an SDK of 2.x, it printed:\n${output}`);
  }
}
