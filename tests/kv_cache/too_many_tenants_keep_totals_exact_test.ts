import { assert, assertEquals } from "@std/assert";
import { observed } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";

const MODELS = 7;
const TENANTS = 60;
const LOOKUPS = 3_000;
const MAX = 100;

for (const way of ["meter", "collect"] as const) {
  Deno.test(`models and tenants past the limit fold into one series, by ${way}`, async () => {
    await using kv = observed(way, { maxAttributeSets: MAX });
    let requested = 0;
    let loaded = 0;
    for (let i = 0; i < LOOKUPS; i++) {
      const who = { modelName: `model-${i % MODELS}`, cacheSalt: `tenant-${i % TENANTS}` };
      requested += i;
      loaded += i % 5;
      kv.bus.publish("mp.lookup_prefetch.end", {
        ...example("mp.lookup_prefetch.end", who),
        requestedTokens: i,
      });
      kv.bus.publish("mp.retrieve.end", {
        ...example("mp.retrieve.end", who),
        retrievedCount: i % 5,
      });
    }
    const found = await kv.scrape();
    for (
      const [name, total] of [
        ["lmcache_mp_lookup_requested_tokens_total", requested],
        ["lmcache_mp_num_chunks_loaded_total", loaded],
      ] as const
    ) {
      const series = Object.entries(found).filter(([series]) => series.startsWith(`${name}{`));
      assertEquals(series.length, MAX);
      assertEquals(series.reduce((sum, [, value]) => sum + value, 0), total);
      assert(found[`${name}{otel_metric_overflow="true"}`] !== undefined);
    }
  });
}
