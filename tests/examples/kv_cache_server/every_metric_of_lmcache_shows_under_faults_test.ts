import { assertEquals } from "@std/assert";
import { LMCACHE_METRICS, type LmcacheMetric } from "../../support/lmcache_metrics.ts";
import { start, type Started } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const LOAD = [
  ...["--port", "0", "--speed", "max", "--l1-chunks", "60", "--l2-chunks", "300", "--blend"],
  ...["--models", "2", "--tenants", "2", "--devices", "2", "--workers", "2"],
  ...["--sample-ratio", "1"],
];
const FAULTS = [
  // What fails; the disk not for good.
  ...["l2-error", "l1-oom", "l1-shrink", "deadline", "engine-lost", "transfer-error"],
  ...["directory-slow", "bus-full", "subscriber-error"],
];
/** What keeps queues from being empty. */
const SLOW = ["l2-slow", "subscriber-slow"];
/** A busy machine takes a while until the rarest has happened. */
const TIMEOUT_MS = 60_000;

const SUFFIXES: Readonly<Record<LmcacheMetric["type"], string>> = {
  counter: "_total",
  histogram: "_count",
  gauge: "",
};

function startExample(faults: readonly string[]): Started {
  const named = faults.flatMap((fault) => ["--fault", fault]);
  return start(Deno.execPath(), ["run", "--quiet", ...FLAGS, MAIN, ...LOAD, ...named]);
}

/** The families that a scrape has a value above 0 of. */
async function shown(url: string): Promise<string[]> {
  const found = Object.entries(samples(await (await fetch(url)).text()));
  return LMCACHE_METRICS.filter(({ family, type }) => {
    const name = `${family}${SUFFIXES[type]}`;
    return found.some(([series, value]) =>
      value > 0 && (series === name || series.startsWith(`${name}{`))
    );
  }).map(({ family }) => family);
}

Deno.test("each of LMCache's metrics is in a scrape under faults, and none is always 0", async () => {
  await using faulty = startExample(FAULTS);
  await using late = startExample(SLOW);
  const urls: string[] = [];
  for (const child of [faulty, late]) {
    urls.push((await child.printed(/http:\S+\/metrics/, "stderr"))[0]);
  }
  const missing = new Set(LMCACHE_METRICS.map(({ family }) => family));
  const giveUpAt = performance.now() + TIMEOUT_MS;
  while (missing.size > 0 && performance.now() < giveUpAt) {
    for (const url of urls) for (const family of await shown(url)) missing.delete(family);
  }
  assertEquals([...missing], []);
});
