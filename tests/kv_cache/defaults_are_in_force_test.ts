import { assertEquals, assertThrows } from "@std/assert";
import { kvCacheCatalog, type KvCacheCatalogOptions } from "@busbar/busbar/kv-cache";
import { key, observed } from "../support/kv_cache.ts";

const hashes = Array.from({ length: 20_000 }, (_, i) => key(i));

/** How many of many chunks have been seen through their lives, and how many were lost sight of. */
async function tracked(options: KvCacheCatalogOptions): Promise<[seen: number, untracked: number]> {
  await using kv = observed("collect", options);
  kv.bus.publish("l1.write.finished", { keys: hashes });
  kv.bus.publish("l1.keys.evicted", { keys: hashes });
  const found = await kv.scrape();
  return [
    found["lmcache_mp_l1_chunk_lifetime_seconds_count"] ?? 0,
    found["lmcache_mp_l1_chunk_lifecycle_untracked_chunks_total"] ?? 0,
  ];
}

Deno.test("one chunk of a hundred is tracked if nothing else is said", async () => {
  const [seen] = await tracked({});
  assertEquals([seen], [(await tracked({ lifecycleSampleRatio: 0.01 }))[0]]);
  assertEquals(seen > 100 && seen < 300, true, `${seen}`);
});

Deno.test("ten thousand chunks are tracked if nothing else is said, and as many evicted", async () => {
  assertEquals(await tracked({ lifecycleSampleRatio: 1 }), [10_000, 20_000]);
});

Deno.test("each metric holds two thousand attribute sets, or what the option says, from 2", () => {
  const limits = (options: KvCacheCatalogOptions) => [
    ...new Set(
      Object.values(kvCacheCatalog(options).metrics ?? {}).map((metric) => metric.maxAttributeSets),
    ),
  ];
  assertEquals(limits({}), [2_000]);
  assertEquals(limits({ maxAttributeSets: 2 }).includes(2), true);
  assertThrows(() => kvCacheCatalog({ maxAttributeSets: 1 }), TypeError, "maxAttributeSets");
});
