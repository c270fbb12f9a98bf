// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * The same without containers: starts a Collector, a Prometheus that takes OTLP, and the KV-cache
 * example, which pushes to the Collector; then asks Prometheus what has arrived.
 *
 *     OTELCOL_BIN=/path/to/otelcol deno run --allow-all examples/collector/run.ts
 *
 * The Collector may be any distribution with the receiver and exporter for OTLP; `prometheus`, from
 * version 3 on, must be on the PATH.
 *
 * @module
 */

/** What is asked, in PromQL. */
const QUERIES = [
  "sum(lmcache_mp_lookups_requests_total)",
  "sum(lmcache_mp_lookup_hit_tokens_total) / sum(lmcache_mp_lookup_requested_tokens_total)",
  "sum by (device) (lmcache_mp_num_finished_stores_total)",
];
const TIMEOUT_MS = 60_000;

const collector = Deno.env.get("OTELCOL_BIN");
if (collector === undefined) throw new Error("OTELCOL_BIN must name a Collector's binary");
const folder = await Deno.makeTempDir();
const [otlpPort, prometheusPort] = [freePort(), freePort()];
const prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
await Deno.writeTextFile(`${folder}/prometheus.yml`, "{}");

const programs = [
  start("prometheus", [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    "--web.enable-otlp-receiver",
    "--log.level=error",
  ]),
  start(collector, [`--config=yaml:${JSON.stringify(collectorConfig())}`]),
  start(Deno.execPath(), [
    ...["run", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
    new URL("../kv_cache_server/main.ts", import.meta.url).pathname,
    ...["--port", "0", "--requests", "100", "--speed", "max", "--once"],
    ...["--otlp-endpoint", `http://127.0.0.1:${otlpPort}`],
  ]),
];
try {
  for (const query of QUERIES) console.log(`${query}\n  ${JSON.stringify(await ask(query))}`);
} finally {
  for (const program of programs) {
    try {
      program.kill("SIGTERM");
    } catch {
      // It has ended.
    }
  }
  await Promise.all(programs.map(({ status }) => status));
  await Deno.remove(folder, { recursive: true });
}

/** Takes OTLP, and hands its metrics to Prometheus. */
function collectorConfig() {
  return {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlpPort}` } } } },
    exporters: { otlphttp: { metrics_endpoint: `${prometheusUrl}/api/v1/otlp/v1/metrics` } },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { metrics: { receivers: ["otlp"], exporters: ["otlphttp"] } },
    },
  };
}

function start(program: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What a query gives, as soon as it gives something. */
async function ask(query: string): Promise<unknown> {
  const url = `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`;
  const giveUpAt = performance.now() + TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    const answer = await fetch(url).then((response) => response.json()).catch(() => undefined);
    const result = answer?.data?.result ?? [];
    if (result.length > 0) {
      return result.map(({ metric, value }: { metric: unknown; value: [number, string] }) => ({
        metric,
        value: value[1],
      }));
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`nothing has arrived for ${query} within ${TIMEOUT_MS} ms`);
}
