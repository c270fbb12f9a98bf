import { assertEquals, assertRejects } from "@std/assert";
import { metrics, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { samples } from "../support/samples.ts";

interface JobEvents {
  "job.start": undefined;
  "job.end": undefined;
}

const { catalog, counter, span } = declare<JobEvents>();
const jobs = catalog({
  metrics: { jobs: counter("job.end") },
  spans: { job: span("job.start", "job.end") },
});

/** What arrives at the providers that the runtime has registered. */
async function through(
  tracingEnabled: boolean | undefined,
): Promise<[spans: number, jobs: number]> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const meters = new PrometheusMetrics();
  trace.setGlobalTracerProvider(provider);
  metrics.setGlobalMeterProvider(meters.provider);
  try {
    const obs = await startObservability<JobEvents>({
      env: () => undefined,
      logger: new MemoryLogger(),
      catalog: jobs,
      runtimeTelemetry: true,
      tracingEnabled,
      // Its providers are registered already, and stay so.
      registerGlobally: true,
    });
    obs.bus.publish("job.start");
    obs.bus.publish("job.end");
    await obs.flush();
    await assertRejects(
      () => obs.scrape(),
      Error,
      "Cannot scrape: the runtime's own OpenTelemetry has the metrics",
    );
    const counted = samples(await meters.scrape())["jobs_total"];
    await obs.shutdown();
    await provider.forceFlush();
    return [exporter.getFinishedSpans().length, Number(counted)];
  } finally {
    trace.disable();
    metrics.disable();
    await meters.shutdown();
  }
}

Deno.test("under the runtime's own telemetry there are spans only if they are enabled", async () => {
  assertEquals(await through(undefined), [0, 1]);
  assertEquals(await through(true), [1, 1]);
});
