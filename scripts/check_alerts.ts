// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Shows that the generated alerts fire when they should: for three minutes, real Prometheus servers
 * scrape the example, one healthy and others with faults of each family. Then the alerts for those
 * fire, and none on the healthy one; and every query of the dashboard and of docs/metrics.md has data
 * on one of them. What compares with the last hour is given one.
 *
 * Run it with `deno task check:alerts`; it needs `prometheus` and `promtool` on the PATH.
 *
 * @module
 */
import { dashboardQueries } from "../tests/support/dashboard_queries.ts";
import { LMCACHE_QUERIES } from "../tests/support/lmcache_dashboard.ts";
import { run, start } from "../tests/support/processes.ts";
import { temporaryFolder } from "../tests/support/temporary_folder.ts";

/** Longer than the two minutes that the slowest alerts wait. */
const SECONDS = 180;
/** What rates are taken over. */
const WINDOW = "5m";
const ROOT = new URL("../", import.meta.url).pathname;

/** What goes wrong, and the alerts that fire for it. */
const RUNS: readonly Omit<Run, "prometheusUrl" | typeof Symbol.asyncDispose>[] = [
  { name: "healthy", faults: [], alerts: [] },
  { name: "slow", faults: ["l2-slow", "deadline"], alerts: ["L2Slow", "PrefetchesLate"] },
  {
    name: "failing",
    faults: [
      ...["l2-error", "l2-corrupt", "l1-oom", "l1-shrink", "engine-lost", "transfer-error"],
      ...["directory-slow", "bus-full", "subscriber-error"],
    ],
    alerts: [
      ...["L2Failing", "L1OutOfMemory", "ModelNotRegistered", "BlendFailing"],
      ...["BlendCoordinatorSlow", "TimeoutsRaised", "EventsDropped", "SubscriberFailing"],
    ],
  },
  { name: "overloaded", faults: ["subscriber-slow"], alerts: ["DrainLag", "EventsDropped"] },
  {
    name: "hanging",
    faults: ["stores-hang", "retrieves-hang"],
    alerts: ["StoresHang", "RetrievesHang"],
  },
  {
    name: "after an hour of hits",
    faults: ["prompts-unique"],
    alerts: ["HitRateCollapse", "EvictionStorm"],
    hadHits: true,
  },
  { name: "crashed", faults: ["crash"], alerts: ["ExporterDown"] },
];

interface Run extends AsyncDisposable {
  readonly name: string;
  readonly faults: readonly string[];
  readonly alerts: readonly string[];
  /** Whether its Prometheus knows of an hour in which most was found. */
  readonly hadHits?: boolean;
  readonly prometheusUrl: string;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Gives a Prometheus an hour, up to where the window of rates begins, in which most was found. */
async function writeHour(storage: string): Promise<void> {
  const perSecond = {
    lmcache_mp_lookup_requested_tokens: 1_000_000,
    lmcache_mp_lookup_hit_tokens: 800_000,
    lmcache_mp_l1_evicted_chunks: 20,
  };
  const endS = Math.floor(Date.now() / 1_000) - 6 * 60;
  const lines = Object.entries(perSecond).flatMap(([name, rate]) => [
    `# TYPE ${name} counter`,
    ...Array.from(
      { length: 55 },
      (_, i) => `${name}_total ${rate * 60 * i} ${endS + (i - 54) * 60}`,
    ),
  ]);
  const text = `${storage}.txt`;
  await Deno.writeTextFile(text, [...lines, "# EOF", ""].join("\n"));
  const args = ["tsdb", "create-blocks-from", "openmetrics", text, storage];
  const { code, stdout, stderr } = await run("promtool", args);
  if (code !== 0) throw new Error(`promtool: ${stdout}${stderr}`);
}

/** A Prometheus with the generated rules that scrapes a server. */
async function startScraper(
  { name, hadHits }: typeof RUNS[number],
  server: number,
  folder: string,
) {
  const port = freePort();
  const storage = `${folder}/${name.replaceAll(" ", "-")}`;
  if (hadHits) await writeHour(storage);
  const config = `${storage}.yml`;
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
    `--storage.tsdb.path=${storage}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ]);
  return {
    prometheusUrl: `http://127.0.0.1:${port}`,
    stop: () => scraper[Symbol.asyncDispose](),
  };
}

async function startRun(wanted: typeof RUNS[number], folder: string): Promise<Run> {
  const { faults } = wanted;
  const server = freePort();
  const example = start(Deno.execPath(), [
    ...["run", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
    `${ROOT}examples/kv_cache_server/main.ts`,
    ...["--port", `${server}`, "--speed", "20", "--l1-chunks", "200", "--l2-chunks", "1000"],
    ...["--models", "2", "--tenants", "3", "--workers", "2", "--blend", "--sample-ratio", "1"],
    ...faults.flatMap((fault) => ["--fault", fault]),
  ], { env: { TMPDIR: folder } });
  const { prometheusUrl, stop } = await startScraper(wanted, server, folder);
  return {
    ...wanted,
    prometheusUrl,
    async [Symbol.asyncDispose]() {
      await stop();
      await example[Symbol.asyncDispose]();
    },
  };
}

async function firing({ prometheusUrl }: Run): Promise<string[]> {
  const { data } = await (await fetch(`${prometheusUrl}/api/v1/alerts`)).json();
  return data.alerts.filter(({ state }: { state: string }) => state === "firing")
    .map(({ labels }: { labels: { alertname: string } }) => labels.alertname);
}

/** Whether a query gives a number, not only series without one; a query that is refused throws. */
async function hasData(query: string, { prometheusUrl }: Run): Promise<boolean> {
  const url = `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`;
  const answer = await (await fetch(url)).json();
  if (answer.status !== "success") throw new Error(`${query}: ${answer.error}`);
  return answer.data.result.some(({ value: [, text] }: { value: [number, string] }) =>
    Number.isFinite(Number(text))
  );
}

/** By where they are asked. */
async function allQueries(): Promise<Record<string, string[]>> {
  const dashboard = await Deno.readTextFile(`${ROOT}examples/grafana/dashboard.json`);
  const document = await Deno.readTextFile(`${ROOT}docs/metrics.md`);
  const documented = [...document.matchAll(/```promql\n(.*?)\n```/gs)].map(([, query]) =>
    query ?? ""
  );
  const lmcache = Object.values(LMCACHE_QUERIES).flat()
    .map((query) => query.replaceAll("$__rate_interval", WINDOW));
  return {
    "the dashboard and docs/metrics.md": [
      ...new Set([...dashboardQueries(dashboard, WINDOW), ...documented]),
    ],
    "LMCache's dashboard": [...new Set(lmcache)],
  };
}

await using folder = await temporaryFolder();
await using started = new AsyncDisposableStack();
const runs: Run[] = [];
for (const run of RUNS) runs.push(started.use(await startRun(run, folder.path)));
console.log(`scraping ${runs.length} servers for ${SECONDS} s`);
await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));

let failed = 0;
const report = (kept: boolean, text: string) => {
  if (!kept) failed++;
  console.log(`${kept ? "ok" : "FAILED"}: ${text}`);
};
for (const run of runs) {
  const fired = [...new Set(await firing(run))].sort();
  const missing = run.alerts.filter((alert) => !fired.includes(alert));
  const kept = run.alerts.length === 0 ? fired.length === 0 : missing.length === 0;
  const missed = missing.length === 0 ? "" : `, and not ${missing.join(", ")}`;
  report(kept, `${run.name}: ${fired.join(", ") || "no alert"} fires${missed}`);
}
const alerts = await Deno.readTextFile(`${ROOT}examples/prometheus/alerts.yml`);
for (const [, alert = ""] of alerts.matchAll(/- alert: (\w+)/g)) {
  if (!RUNS.some((run) => run.alerts.includes(alert))) report(false, `no server has ${alert} fire`);
}
for (const [name, queries] of Object.entries(await allQueries())) {
  let answered = 0;
  for (const query of queries) {
    // What counts failures has data where there are some.
    const answers = await Promise.all(runs.map((run) => hasData(query, run)));
    if (answers.includes(true)) answered++;
    else report(false, `no data: ${query}`);
  }
  report(answered === queries.length, `${name}: ${answered} of ${queries.length} have data`);
}
if (failed > 0) Deno.exitCode = 1;
