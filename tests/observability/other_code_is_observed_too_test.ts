import { assertEquals } from "@std/assert";
import { logs, metrics, trace } from "@opentelemetry/api";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

/** What code that knows OpenTelemetry's API alone does. */
function observeByApi(): void {
  trace.getTracer("other").startSpan("read", { attributes: { a: 1, b: 2 } }).end();
  metrics.getMeter("other").createCounter("reads").add(1);
  logs.getLogger("other").emit({ body: "read" });
}

async function paths(
  registerGlobally: boolean | undefined,
  sampler: "always_on" | "always_off" = "always_on",
) {
  await using receiver = await OtlpReceiver.start();
  const obs = await startObservability({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: {},
    registerGlobally,
    tracingEnabled: true,
    sampler: { name: sampler },
    spanLimits: { attributeCountLimit: 1 },
    otlp: { endpoint: receiver.endpoint },
  });
  observeByApi();
  await obs.shutdown();
  const found = new Map<string, number>();
  for (const { path, body } of receiver.received) {
    const text = JSON.stringify(body);
    if (text.includes('"read"') || text.includes('"reads"')) {
      found.set(path, text.split('"key":"a"').length + text.split('"key":"b"').length - 2);
    }
  }
  return Object.fromEntries([...found].sort());
}

Deno.test("registered globally, all that uses OpenTelemetry's API is pushed, as configured", async () => {
  // Of two attributes a span has one, which is its limit.
  assertEquals(await paths(true), { "/v1/logs": 0, "/v1/metrics": 0, "/v1/traces": 1 });
  assertEquals(await paths(true, "always_off"), { "/v1/logs": 0, "/v1/metrics": 0 });
});

Deno.test("by default, other code is left alone", async () => {
  assertEquals(await paths(undefined), {});
});

Deno.test("after the shutdown others can register", async () => {
  await paths(true);
  assertEquals(trace.setGlobalTracerProvider(trace.getTracerProvider()), true);
  assertEquals(metrics.setGlobalMeterProvider(metrics.getMeterProvider()), true);
  const provider = { getLogger: () => logs.getLogger("none") };
  logs.setGlobalLoggerProvider(provider);
  assertEquals(logs.getLoggerProvider() === provider, true);
  for (const api of [trace, metrics, logs]) api.disable();
});
