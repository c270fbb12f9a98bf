import { assert, assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { kvCacheCatalog, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { describeMetrics } from "../../src/generate/described_metric.ts";
import { parseOpenMetrics } from "../support/exposition.ts";
import { KvCacheDriver } from "../support/kv_cache_driver.ts";
import { LMCACHE_METRICS } from "../support/lmcache_metrics.ts";

/** What LMCache does not have, and why each is here, in docs/guides/migrating.md. */
const OURS = [
  "lmcache_mp_l1_chunk_lifecycle_untracked_chunks_total",
  "lmcache_mp_real_reuse_untracked_chunks_total",
  "lmcache_mp_l0_block_lifecycle_untracked_blocks_total",
  "lmcache_mp_l2_store_failed_objects_chunks_total",
  "lmcache_mp_l2_prefetch_deadline_requests_total",
];

async function scrape(): Promise<string> {
  await using metrics = new PrometheusMetrics({ serviceName: "test" });
  await using bus = new EventBus<KvCacheEvents>({
    maxQueueSize: 10_000,
    logger: new MemoryLogger(),
  }).start();
  const driver = new KvCacheDriver(bus);
  registerKvCache(bus, {
    meter: metrics.meter,
    lifecycleSampleRatio: 1,
    gauges: driver.gauges,
  });
  driver.publishAll();
  driver.publishAll();
  await bus.flush();
  return await metrics.scrape("openmetrics");
}

const families = parseOpenMetrics(await scrape());

for (const { family: name, type, unit, labels } of LMCACHE_METRICS) {
  Deno.test(`a scrape has LMCache's ${type} ${name}`, () => {
    const family = families.get(name);
    assert(family !== undefined);
    assertEquals([family.type, family.unit ?? ""], [type, unit]);
    const found = new Set<string>();
    assert(family.samples.size > 0);
    for (const series of family.samples.keys()) {
      for (const [label] of JSON.parse(series.slice(series.indexOf("[")))) {
        if (label !== "le") found.add(label);
      }
    }
    assertEquals([...found].sort(), labels.toSorted());
  });
}

Deno.test("what else there is, is known, and says of itself that it is not LMCache's", () => {
  const names = new Set(
    LMCACHE_METRICS.map(({ family, type }) => type === "counter" ? `${family}_total` : family),
  );
  const others = describeMetrics(kvCacheCatalog()).filter(({ scrapeName }) =>
    !names.has(scrapeName)
  );
  assertEquals(others.map(({ scrapeName }) => scrapeName).sort(), OURS.toSorted());
  for (const { description, scrapeName } of others) {
    assert(description.endsWith("; Busbar's own"), scrapeName);
  }
  for (const { description, scrapeName } of describeMetrics(kvCacheCatalog())) {
    assertEquals(description.endsWith("; Busbar's own"), OURS.includes(scrapeName), scrapeName);
  }
});
