import { assertEquals } from "@std/assert";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  createOtlpExporters,
  LogBatchProcessor,
  type OtlpExportersOptions,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";

interface Sent {
  readonly url: string;
  readonly headers: Headers;
}

/** Where the exporters send one item of each signal, in the order of the addresses. */
async function sentWith(options: OtlpExportersOptions): Promise<Sent[]> {
  const { fetch } = globalThis;
  const sent: Sent[] = [];
  globalThis.fetch = ((url: string, init: RequestInit) => {
    sent.push({ url, headers: new Headers(init.headers) });
    return Promise.resolve(new Response());
  }) as typeof fetch;
  try {
    const { traces, metrics, logs } = createOtlpExporters(options);
    const tracers = new TracerProvider({ spanProcessors: [new SpanBatchProcessor(traces)] });
    const reader = new PeriodicExportingMetricReader({ exporter: metrics });
    const meters = new MeterProvider({ readers: [reader] });
    const loggers = new LoggerProvider({ processors: [new LogBatchProcessor(logs)] });
    tracers.getTracer("test").startSpan("read").end();
    meters.getMeter("test").createCounter("reads").add(1);
    loggers.getLogger("test").emit({ body: "read" });
    // Nothing goes out before the first export.
    assertEquals(sent, []);
    for (const provider of [tracers, meters, loggers]) await provider.shutdown();
  } finally {
    globalThis.fetch = fetch;
  }
  return sent.toSorted((a, b) => a.url < b.url ? -1 : 1);
}

Deno.test("each signal goes to its path below the endpoint, which is a collector's by default", async () => {
  const paths = ["/v1/logs", "/v1/metrics", "/v1/traces"];
  for (
    const [options, base] of [
      [{}, "http://localhost:4318"],
      [{ endpoint: "https://otlp.example/base" }, "https://otlp.example/base"],
      [{ endpoint: "https://otlp.example/base/" }, "https://otlp.example/base"],
    ] as const
  ) {
    const sent = await sentWith(options);
    assertEquals(sent.map(({ url }) => url), paths.map((path) => `${base}${path}`));
  }
});

Deno.test("a signal's headers are added to the common ones, and come first", async () => {
  const [logs, metrics] = await sentWith({
    headers: { authorization: "common", "x-team": "shop" },
    metrics: { headers: { authorization: "own", "x-signal": "metrics" } },
  });
  const read = ({ headers }: Sent) =>
    ["authorization", "x-team", "x-signal"].map((name) => headers.get(name));
  assertEquals(read(logs as Sent), ["common", "shop", null]);
  assertEquals(read(metrics as Sent), ["own", "shop", "metrics"]);
});
