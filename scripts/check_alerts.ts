// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Shows that the generated alerts fire when they should: for two minutes, real Prometheus servers
 * scrape the example, one healthy and one for each fault. Then the matching alert fires, and none
 * on the healthy one; and every query of the dashboard and of docs/metrics.md has data, there or on
 * a server that publishes all events, such as those of CacheBlend, which the example does not have.
 *
 * Run it with `deno task check:alerts`; it needs `prometheus` on the PATH.
 *
 * @module
 */
import { EventBus } from "@busbar/busbar";
import { serveMetrics } from "@busbar/busbar/http";
import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { dashboardQueries } from "../tests/support/dashboard_queries.ts";
import { KvCacheDriver } from "../tests/support/kv_cache_driver.ts";
import { start } from "../tests/support/processes.ts";
import { temporaryFolder } from "../tests/support/temporary_folder.ts";

const SECONDS = 130;
const ROOT = new URL("../", import.meta.url).pathname;

/** What goes wrong, and the alert that fires for it. */
const RUNS: readonly [name: string, faults: readonly string[], alert: string | undefined][] = [
  ["healthy", [], undefined],
  ["l2-slow", ["l2-slow"], "L2Slow"],
  ["l2-error", ["l2-error"], "L2Failing"],
  ["l1-oom", ["l1-oom"], "L1OutOfMemory"],
];

interface Run extends AsyncDisposable {
  readonly name: string;
  readonly alert: string | undefined;
  readonly prometheusUrl: string;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A Prometheus with the generated rules that scrapes a server. */
async function startScraper(name: string, server: number, folder: string) {
  const port = freePort();
  const config = `${folder}/${name}.yml`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      global: { scrape_interval: "5s", evaluation_interval: "5s" },
      rule_files: [
        `${ROOT}examples/prometheus/rules.yml`,
        `${ROOT}examples/prometheus/alerts.yml`,
      ],
      scrape_configs: [{
        job_name: "kv-cache",
        static_configs: [{ targets: [`127.0.0.1:${server}`] }],
      }],
    }),
  );
  const scraper = start("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/${name}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ]);
  return {
    prometheusUrl: `http://127.0.0.1:${port}`,
    stop: () => scraper[Symbol.asyncDispose](),
  };
}

async function startRun(
  name: string,
  faults: readonly string[],
  alert: string | undefined,
  folder: string,
): Promise<Run> {
  const server = freePort();
  const example = start(Deno.execPath(), [
    ...["run", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
    `${ROOT}examples/kv_cache_server/main.ts`,
    ...["--port", `${server}`, "--speed", "20", "--l1-chunks", "200", "--l2-chunks", "1000"],
    ...["--models", "2", "--tenants", "3"],
    ...faults.flatMap((fault) => ["--fault", fault]),
  ]);
  const { prometheusUrl, stop } = await startScraper(name, server, folder);
  return {
    name,
    alert,
    prometheusUrl,
    async [Symbol.asyncDispose]() {
      await stop();
      await example[Symbol.asyncDispose]();
    },
  };
}

/** A server whose events are those of a test, all of them, once a scrape. */
async function startDriven(folder: string): Promise<Run> {
  const metrics = new PrometheusMetrics({ serviceName: "driven" });
  const bus = new EventBus<KvCacheEvents>({ logger: { warn: () => {} } }).start();
  const driver = new KvCacheDriver(bus);
  const { meter } = metrics;
  registerKvCache(bus, {
    meter,
    lifecycleSampleRatio: 1,
    gauges: driver.gauges,
    logger: { warn: () => {} },
  });
  const server = await serveMetrics({
    port: 0,
    scrape: async (format) => {
      driver.publishAll();
      await bus.flush();
      return await metrics.scrape(format);
    },
  });
  const name = "driven";
  const port = Number(new URL(server.metricsUrl).port);
  const { prometheusUrl, stop } = await startScraper(name, port, folder);
  return {
    name,
    alert: undefined,
    prometheusUrl,
    async [Symbol.asyncDispose]() {
      await stop();
      await server.shutdown();
      await bus.stop();
      await metrics[Symbol.asyncDispose]();
    },
  };
}

async function firing({ prometheusUrl }: Run): Promise<string[]> {
  const { data } = await (await fetch(`${prometheusUrl}/api/v1/alerts`)).json();
  return data.alerts.filter(({ state }: { state: string }) => state === "firing")
    .map(({ labels }: { labels: { alertname: string } }) => labels.alertname);
}

/** How many series a query gives; a query that is refused throws. */
async function seriesOf(query: string, { prometheusUrl }: Run): Promise<number> {
  const url = `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`;
  const answer = await (await fetch(url)).json();
  if (answer.status !== "success") throw new Error(`${query}: ${answer.error}`);
  return answer.data.result.length;
}

async function allQueries(): Promise<string[]> {
  const dashboard = await Deno.readTextFile(`${ROOT}examples/grafana/dashboard.json`);
  const document = await Deno.readTextFile(`${ROOT}docs/metrics.md`);
  const documented = [...document.matchAll(/```promql\n(.*?)\n```/gs)].map(([, query]) =>
    query ?? ""
  );
  return [...new Set([...dashboardQueries(dashboard), ...documented])];
}

await using folder = await temporaryFolder();
await using started = new AsyncDisposableStack();
const runs: Run[] = [];
for (const [name, faults, alert] of RUNS) {
  runs.push(started.use(await startRun(name, faults, alert, folder.path)));
}
const driven = started.use(await startDriven(folder.path));
console.log(`scraping ${runs.length + 1} servers for ${SECONDS} s`);
await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));

let failed = 0;
const report = (kept: boolean, text: string) => {
  if (!kept) failed++;
  console.log(`${kept ? "ok" : "FAILED"}: ${text}`);
};
for (const run of runs) {
  const alerts = await firing(run);
  const kept = run.alert === undefined ? alerts.length === 0 : alerts.includes(run.alert);
  report(kept, `${run.name}: ${alerts.join(", ") || "no alert"} fires`);
}
const queries = await allQueries();
let answered = 0;
for (const query of queries) {
  // What counts failures has data where there are some.
  const series = await Promise.all([...runs, driven].map((run) => seriesOf(query, run)));
  if (series.some((count) => count > 0)) answered++;
  else report(false, `no data: ${query}`);
}
report(answered === queries.length, `${answered} of ${queries.length} queries have data`);
if (failed > 0) Deno.exitCode = 1;
