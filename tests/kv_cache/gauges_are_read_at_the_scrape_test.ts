import { assertEquals, assertThrows } from "@std/assert";
import { kvCacheCatalog, type KvCacheGauges } from "@busbar/busbar/kv-cache";
import { MemoryLogger } from "@busbar/busbar/testing";
import { observed } from "../support/kv_cache.ts";

const NAMES =
  /^lmcache_mp_(active_prefetch_jobs|l1_memory_usage_bytes|l1_usage_ratio|l2_usage_bytes|num_inflight_l2_(stores|loads)|inflight_load_memory_usage_bytes)/;

function gaugesOf(found: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(found).filter(([series]) => NAMES.test(series))
      .map(([series, value]) => [series.replace("lmcache_mp_", ""), value]),
  );
}

for (const way of ["meter", "collect"] as const) {
  Deno.test(`what the cache holds and what runs is read at each scrape, by ${way}`, async () => {
    let stores = 2;
    await using kv = observed(way, {
      gauges: {
        activePrefetchJobs: () => 5,
        l1: () => ({ usedBytes: 30, totalBytes: 120 }),
        l2Adapters: () => [
          {
            l2Name: "disk",
            adapterIndex: 0,
            usageBytes: () => 700,
            inflightStores: () => stores,
            inflightLoads: () => 1,
            inflightLoadBytes: () => 64,
          },
          // Idle, and says nothing else.
          { l2Name: "s3", adapterIndex: 1, inflightStores: () => 0 },
        ],
      },
    });
    const disk = '{adapter_index="0",l2_name="disk"}';
    const all = {
      active_prefetch_jobs: 5,
      l1_memory_usage_bytes: 30,
      l1_usage_ratio: 0.25,
      'l2_usage_bytes{l2_name="disk"}': 700,
      [`num_inflight_l2_stores${disk}`]: 2,
      'num_inflight_l2_stores{adapter_index="1",l2_name="s3"}': 0,
      [`num_inflight_l2_loads${disk}`]: 1,
      [`inflight_load_memory_usage_bytes${disk}`]: 64,
    };
    assertEquals(gaugesOf(await kv.scrape()), all);
    stores = 0;
    // An adapter that is idle says so: a series that ends leaves its last value on a dashboard.
    assertEquals(gaugesOf(await kv.scrape()), { ...all, [`num_inflight_l2_stores${disk}`]: 0 });
  });

  Deno.test(`an adapter that throws leaves itself out, and nothing else, by ${way}`, async () => {
    const logger = new MemoryLogger();
    const usage = (l2Name: string, adapterIndex: number, usageBytes: () => number) => ({
      l2Name,
      adapterIndex,
      usageBytes,
    });
    await using kv = observed(way, {
      logger,
      gauges: {
        l1: () => {
          throw new Error("no L1 today");
        },
        activePrefetchJobs: () => 1,
        l2Adapters: () => [
          usage("a", 0, () => 1),
          usage("b", 1, () => {
            throw new Error("no disk today");
          }),
          usage("c", 2, () => 3),
        ],
      },
    });
    assertEquals(gaugesOf(await kv.scrape()), {
      active_prefetch_jobs: 1,
      'l2_usage_bytes{l2_name="a"}': 1,
      'l2_usage_bytes{l2_name="c"}': 3,
    });
    await kv.bus.flush();
    const text = logger.lines.join("\n");
    assertEquals(text.includes("no L1 today"), true, text);
  });
}

for (const way of ["meter", "collect"] as const) {
  Deno.test(`adapters of one name have one usage, their sum, or none, by ${way}`, async () => {
    let second = () => 7;
    const usage = (l2Name: string, adapterIndex: number, usageBytes: () => number) => ({
      l2Name,
      adapterIndex,
      usageBytes,
    });
    await using kv = observed(way, {
      logger: new MemoryLogger(),
      gauges: {
        l2Adapters: () => [
          usage("disk", 0, () => 5),
          usage("disk", 1, () => second()),
          usage("disk", 2, () => 1),
          usage("s3", 3, () => 9),
        ],
      },
    });
    const usages = async () =>
      Object.entries(await kv.scrape()).filter(([name]) => name.startsWith("lmcache_mp_l2_usage"));
    const s3 = ['lmcache_mp_l2_usage_bytes{l2_name="s3"}', 9];
    assertEquals(await usages(), [['lmcache_mp_l2_usage_bytes{l2_name="disk"}', 13], s3]);
    second = () => {
      throw new Error("no disk today");
    };
    // A part is no sum. OpenTelemetry's SDK keeps what it was told before.
    if (way === "collect") assertEquals(await usages(), [s3]);
  });
}

Deno.test("where nothing is wired, L1 is empty, and the others say nothing", async () => {
  await using kv = observed("collect");
  assertEquals(gaugesOf(await kv.scrape()), { l1_memory_usage_bytes: 0, l1_usage_ratio: 0 });
});

Deno.test("an L1 without room is not full: its ratio is 0", async () => {
  await using kv = observed("collect", { gauges: { l1: () => ({ usedBytes: 0, totalBytes: 0 }) } });
  assertEquals(gaugesOf(await kv.scrape())["l1_usage_ratio"], 0);
});

Deno.test("what is no function, or no gauge, is refused", () => {
  const refused = (gauges: unknown, message: string) =>
    assertThrows(() => kvCacheCatalog({ gauges: gauges as KvCacheGauges }), TypeError, message);
  refused({ l1: 5 }, "gauges.l1 must be a function, received 5");
  refused({ l2: () => [] }, 'gauges: there is no function "l2"');
});
