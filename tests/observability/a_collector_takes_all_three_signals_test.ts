import { assert, assertEquals } from "@std/assert";
import { counter, defineCatalog, duration, pair } from "../../src/catalog/mod.ts";
import { startObservability } from "../../src/observability/mod.ts";

/** An OpenTelemetry Collector with the file exporter: the core or the contrib distribution. */
const COLLECTOR = Deno.env.get("OTELCOL_BIN");
const CONFIG = new URL("../../examples/collector/otelcol.yaml", import.meta.url).pathname;

interface ShopEvents {
  "checkout.start": { cart: string };
  "checkout.end": { total: number };
}
const catalog = defineCatalog<ShopEvents>()({
  metrics: {
    "shop.checkouts": counter("checkout.end"),
    "shop.checkout.duration": duration("checkout.start", "checkout.end"),
  },
  spans: { checkout: pair("checkout.start", "checkout.end") },
  logs: { "checkout.end": { level: "info", body: ({ metadata }) => `paid ${metadata.total}` } },
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The example's configuration, on free ports of this machine, with files for what it hands on. */
async function startCollector(folder: string) {
  const [otlp, prometheus] = [freePort(), freePort()];
  const overrides = JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    processors: { batch: { timeout: "50ms" } },
    exporters: {
      prometheus: { endpoint: `127.0.0.1:${prometheus}` },
      "file/traces": { path: `${folder}/traces.json` },
      "file/logs": { path: `${folder}/logs.json` },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: { exporters: ["file/traces"] },
        logs: { exporters: ["file/logs"] },
      },
    },
  });
  const child = new Deno.Command(COLLECTOR ?? "", {
    args: [`--config=${CONFIG}`, `--config=yaml:${overrides}`],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  // It says so on stderr once it listens.
  let said = "";
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (!said.includes("Everything is ready")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the collector ended:\n${said}`);
    said += value;
  }
  return {
    endpoint: `http://127.0.0.1:${otlp}`,
    metricsUrl: `http://127.0.0.1:${prometheus}/metrics`,
    async end() {
      child.kill("SIGTERM");
      while (!(await reader.read()).done);
      await child.status;
    },
  };
}

for (const protocol of ["http/protobuf", "http/json"] as const) {
  Deno.test({
    name: `a real collector takes metrics, a span and a log record as ${protocol}`,
    ignore: COLLECTOR === undefined,
    async fn() {
      const folder = await Deno.makeTempDir();
      const collector = await startCollector(folder);
      const obs = await startObservability<ShopEvents>({
        env: () => undefined,
        catalog,
        serviceName: "shop",
        tracingEnabled: true,
        otlp: { endpoint: collector.endpoint, protocol },
      });
      obs.bus.publish("checkout.start", { cart: "c1" }, { sessionId: "s1" });
      obs.bus.publish("checkout.end", { total: 42 }, { sessionId: "s1" });
      assertEquals(await obs.flush(), true);
      const scrape = await (await fetch(collector.metricsUrl)).text();
      await obs.shutdown();
      await collector.end(); // it writes what it holds

      assert(/^shop_checkouts_total\{.*service_name="shop".*\} 1$/m.test(scrape), scrape);
      assert(/^shop_checkout_duration_seconds_count\{.*\} 1$/m.test(scrape), scrape);
      const traces = JSON.parse(await Deno.readTextFile(`${folder}/traces.json`));
      const span = traces.resourceSpans[0].scopeSpans[0].spans[0];
      assertEquals([span.name, span.attributes[0].key], ["checkout", "session_id"]);
      const logs = JSON.parse(await Deno.readTextFile(`${folder}/logs.json`));
      const record = logs.resourceLogs[0].scopeLogs[0].logRecords[0];
      assertEquals([record.body.stringValue, record.traceId], ["paid 42", span.traceId]);
      await Deno.remove(folder, { recursive: true });
    },
  });
}
