import { createHandler, metricsRoute } from "@busbar/busbar/http";
import type { RandomCatalog } from "./catalogs.ts";
import { compareSamples, expectedSamples, type Format } from "./compare.ts";
import type { Reading } from "./readers.ts";
import { TextLineStream } from "./text_lines.ts";

/** How long Prometheus may take until it has scraped each target once. */
const MAX_WAIT_MS = 60_000;

/** What a real Prometheus scraped and stored. */
export interface StoredScrapes {
  readonly scrapes: number;
  readonly samples: number;
  readonly problems: readonly string[];
}

/** How Prometheus is told to ask; older ones cannot be told, and ask as they do. */
const JOBS: Readonly<Record<string, string | undefined>> = {
  default: undefined,
  openmetrics: "[OpenMetricsText1.0.0]",
  text: "[PrometheusText0.0.4]",
};

/**
 * Has a real Prometheus scrape catalogs over HTTP, with its own headers, and compares what it stored.
 *
 * @param change changes a scrape before it is sent
 */
export async function scrapeWithPrometheus(
  { program, version }: { readonly program: string; readonly version: string },
  catalogs: readonly RandomCatalog[],
  change: (text: string, index: number) => string = (text) => text,
): Promise<StoredScrapes> {
  const asked = new Map<string, Format>();
  const jobs = Object.keys(JOBS).filter((job) =>
    job === "default" || Number(/^(\d+)/.exec(version)?.[1] ?? 3) >= 3
  );
  const handler = createHandler({
    routes: jobs.flatMap((job) =>
      catalogs.map(({ metrics }, i) =>
        metricsRoute({
          path: `/${job}/${i}`,
          scrape: async (format) => {
            asked.set(`${job}/${i}`, format);
            return change(await metrics.scrape(format), i);
          },
        })
      )
    ),
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const folder = await Deno.makeTempDir();
  const intervalS = Math.max(1, Math.ceil(catalogs.length * jobs.length / 100));
  await Deno.writeTextFile(
    `${folder}/prometheus.yml`,
    configOf(jobs, catalogs.length, server.addr.port, intervalS),
  );
  const process = new Deno.Command(program, {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      "--web.listen-address=127.0.0.1:0",
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const origin = await addressOf(process);
    await ready(origin);
    const ask = async (path: string) =>
      (await (await fetch(`${origin}/api/v1/${path}`)).json()).data;
    const problems = await allScraped(ask, jobs.length * catalogs.length);
    let samples = 0;
    for (const job of jobs) {
      for (const [i, { expected }] of catalogs.entries()) {
        const format = asked.get(`${job}/${i}`) ?? "prometheus";
        const query = encodeURIComponent(`{job="${job}", catalog="${i}"}`);
        const stored = storedSamples((await ask(`query?query=${query}`)).result);
        samples += stored.length;
        problems.push(
          ...compareSamples(expectedSamples(expected, format), stored)
            .map((problem) => `Prometheus ${version}, ${job}, catalog ${i}: ${problem}`),
        );
      }
    }
    const own = await (await fetch(`${origin}/metrics`)).text();
    for (
      const [line] of own.matchAll(/^prometheus_target_scrapes_(?:sample|exceeded)\S* [1-9].*$/gm)
    ) {
      problems.push(`Prometheus ${version}: ${line}`);
    }
    return { scrapes: jobs.length * catalogs.length, samples, problems };
  } finally {
    process.kill("SIGTERM");
    await process.status;
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

function configOf(jobs: readonly string[], count: number, port: number, intervalS: number): string {
  return `global: { scrape_interval: ${intervalS}s, scrape_timeout: ${intervalS}s }
scrape_configs:
${
    jobs.map((job) =>
      `  - job_name: ${job}
    honor_labels: true
${JOBS[job] === undefined ? "" : `    scrape_protocols: ${JOBS[job]}\n`}    static_configs:
${
        Array.from({ length: count }, (_, i) =>
          `      - targets: ["127.0.0.1:${port}"]
        labels: { __metrics_path__: "/${job}/${i}", catalog: "${i}" }`).join("\n")
      }`
    ).join("\n")
  }
`;
}

/** Where it listens; its further lines are read and left. */
async function addressOf(process: Deno.ChildProcess): Promise<string> {
  const lines = process.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const reader = lines.getReader();
  const told: string[] = [];
  for (;;) {
    const { value = "", done } = await reader.read();
    if (done) throw new Error(`Prometheus does not start: ${told.slice(-3).join("\n")}`);
    const found = /Listening on".* address=([\d.:]+)/.exec(value);
    if (found === null) {
      told.push(value);
      continue;
    }
    reader.releaseLock();
    lines.pipeTo(new WritableStream()).catch(() => {});
    return `http://${found[1]}`;
  }
}

/** It listens before it answers. */
async function ready(origin: string): Promise<void> {
  const givenUpAt = performance.now() + MAX_WAIT_MS;
  while (performance.now() < givenUpAt) {
    const response = await fetch(`${origin}/-/ready`);
    await response.body?.cancel();
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Prometheus was not ready in ${MAX_WAIT_MS} ms`);
}

/** Waits until each target was scraped once, for a minute at most. @returns what failed */
async function allScraped(
  // deno-lint-ignore no-explicit-any -- what Prometheus answers
  ask: (path: string) => Promise<any>,
  count: number,
): Promise<string[]> {
  const givenUpAt = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const { activeTargets } = await ask("targets?state=active");
    const done = activeTargets.filter((target: { health: string }) => target.health !== "unknown");
    if (done.length < count && performance.now() > givenUpAt) {
      return [`Prometheus scraped ${done.length} of ${count} targets in ${MAX_WAIT_MS} ms`];
    }
    if (done.length >= count) {
      return done.filter((target: { health: string }) => target.health !== "up")
        .map((target: { scrapeUrl: string; lastError: string }) =>
          `Prometheus refused ${target.scrapeUrl}: ${target.lastError}`
        );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What Prometheus adds to a scrape is left out. */
function storedSamples(
  result: readonly { metric: Record<string, string>; value: [number, string] }[],
): Reading["samples"] {
  return result.flatMap(({ metric, value: [, value] }) => {
    const { __name__: name = "", job: _job, instance: _instance, catalog: _catalog, ...labels } =
      metric;
    return name === "up" || name.startsWith("scrape_") ? [] : [{ name, labels, value }];
  });
}
