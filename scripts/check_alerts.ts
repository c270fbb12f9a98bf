// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Shows that the generated alerts fire when they should: for two minutes, real Prometheus servers
 * scrape the example, one healthy and one for each fault. Then the matching alert fires, and none
 * on the healthy one; and every query of the dashboard and of docs/metrics.md has data.
 *
 * Run it with `deno task check:alerts`; it needs `prometheus` on the PATH.
 *
 * @module
 */
import { dashboardQueries } from "../tests/support/dashboard_queries.ts";
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

async function startRun(
  name: string,
  faults: readonly string[],
  alert: string | undefined,
  folder: string,
): Promise<Run> {
  const [server, prometheus] = [freePort(), freePort()];
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
  const example = start(Deno.execPath(), [
    ...["run", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
    `${ROOT}examples/kv_cache_server/main.ts`,
    ...["--port", `${server}`, "--speed", "20", "--l1-chunks", "200", "--l2-chunks", "1000"],
    ...["--models", "2", "--tenants", "3"],
    ...faults.flatMap((fault) => ["--fault", fault]),
  ]);
  const scraper = start("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/${name}`,
    `--web.listen-address=127.0.0.1:${prometheus}`,
    "--log.level=error",
  ]);
  return {
    name,
    alert,
    prometheusUrl: `http://127.0.0.1:${prometheus}`,
    async [Symbol.asyncDispose]() {
      await scraper[Symbol.asyncDispose]();
      await example[Symbol.asyncDispose]();
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
console.log(`scraping ${runs.length} servers for ${SECONDS} s`);
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
  const series = await Promise.all(runs.map((run) => seriesOf(query, run)));
  if (series.some((count) => count > 0)) answered++;
  else report(false, `no data: ${query}`);
}
report(answered === queries.length, `${answered} of ${queries.length} queries have data`);
if (failed > 0) Deno.exitCode = 1;
