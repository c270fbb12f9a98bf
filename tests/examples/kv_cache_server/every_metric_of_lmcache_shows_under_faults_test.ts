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
/** What fails, the disk not for good; what is not listed below shows there. */
const FAILURES = [
  ...["l2-error", "l1-oom", "l1-shrink", "deadline", "engine-lost", "transfer-error"],
  ...["directory-slow", "bus-full", "subscriber-error"],
];
/** What is 0 at a scrape unless something is slow. */
const SHOWN_BY_SLOWNESS: Readonly<Record<string, readonly string[]>> = {
  "l2-slow": [
    "lmcache_mp_active_prefetch_jobs",
    "lmcache_mp_num_inflight_l2_stores",
    "lmcache_mp_num_inflight_l2_loads",
    "lmcache_mp_inflight_load_memory_usage_bytes",
  ],
  "subscriber-slow": [
    "lmcache_mp_event_bus_queue_depth",
    "lmcache_mp_event_bus_drain_lag_seconds",
  ],
};
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

/** Scrapes the example under faults until all families have been seen. */
async function assertShown(faults: readonly string[], families: readonly string[]): Promise<void> {
  await using child = startExample(faults);
  const [url] = await child.printed(/http:\S+\/metrics/, "stderr");
  const missing = new Set(families);
  const giveUpAt = performance.now() + TIMEOUT_MS;
  while (missing.size > 0 && performance.now() < giveUpAt) {
    for (const family of await shown(url)) missing.delete(family);
  }
  assertEquals([...missing], []);
}

for (const [fault, families] of Object.entries(SHOWN_BY_SLOWNESS)) {
  Deno.test(`${fault}: what is under way shows in a scrape`, () => assertShown([fault], families));
}

Deno.test("each other metric of LMCache's is in a scrape under faults, above 0", async () => {
  const bySlowness = Object.values(SHOWN_BY_SLOWNESS).flat();
  const families = LMCACHE_METRICS.map(({ family }) => family);
  assertEquals(bySlowness.filter((family) => !families.includes(family)), []);
  await assertShown(FAILURES, families.filter((family) => !bySlowness.includes(family)));
});
