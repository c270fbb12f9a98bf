import { assert, assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { EventBus } from "@busbar/busbar";
import { grafanaDashboard, kvCacheRow } from "@busbar/busbar/generate";
import { kvCacheCatalog, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { dashboardQueries } from "../support/dashboard_queries.ts";
import { KvCacheDriver } from "../support/kv_cache_driver.ts";
import { LMCACHE_QUERIES } from "../support/lmcache_dashboard.ts";
import { LMCACHE_METRICS } from "../support/lmcache_metrics.ts";
import { installed } from "../support/processes.ts";
import { startPrometheus } from "../support/real_prometheus.ts";

/** A rate takes two scrapes; what is between them is what it shows. */
const SCRAPES = 4;
const TIMEOUT_MS = 60_000;
const WINDOW = "5m";

Deno.test("its queries ask for nothing but what LMCache's reference has", () => {
  const known = LMCACHE_METRICS.flatMap(({ family, type }) =>
    type === "counter"
      ? [`${family}_total`]
      : type === "gauge"
      ? [family]
      : [`${family}_bucket`, `${family}_sum`, `${family}_count`]
  );
  for (const query of Object.values(LMCACHE_QUERIES).flat()) {
    for (const [name] of query.matchAll(/lmcache_\w+/g)) assert(known.includes(name), name);
  }
  assertEquals(Object.values(LMCACHE_QUERIES).flat().length, 72);
});

/** The one that `deno task generate` writes. */
const OURS = grafanaDashboard(kvCacheCatalog(), {
  title: "KV cache",
  selfMetricsPrefix: "lmcache_mp",
  rows: [kvCacheRow()],
});

Deno.test("the dashboard made of our catalog begins with the hit rates, in all and by tier", () => {
  const { panels } = JSON.parse(OURS);
  assertEquals(panels.slice(0, 5).map(({ title }: { title: string }) => title), [
    "Hit rates",
    "Hit rate",
    "Hit rate by model",
    "Hit rate of L1",
    "Hit rate of L2",
  ]);
});

Deno.test({
  name: "on a real Prometheus each of its queries has data, and so has each of our own dashboard's",
  ignore: !installed("prometheus"),
  async fn() {
    await using metrics = new PrometheusMetrics({ serviceName: "test" });
    await using bus = new EventBus<KvCacheEvents>({
      maxQueueSize: 10_000,
      logger: new MemoryLogger(),
    }).start();
    const driver = new KvCacheDriver(bus);
    registerKvCache(bus, { meter: metrics.meter, lifecycleSampleRatio: 1, gauges: driver.gauges });
    let scrapes = 0;
    const scraped = Promise.withResolvers<void>();
    await using prometheus = await startPrometheus(async (format) => {
      driver.publishAll();
      await bus.flush();
      // The last one begins when all before it have been stored.
      if (++scrapes === SCRAPES) scraped.resolve();
      return await metrics.scrape(format);
    });
    await deadline(scraped.promise, TIMEOUT_MS);
    const ours = dashboardQueries(OURS, WINDOW);
    const theirs = Object.values(LMCACHE_QUERIES).flat()
      .map((query) => query.replaceAll("$__rate_interval", WINDOW));
    for (const query of [...theirs, ...ours]) {
      const value = await prometheus.value(query);
      assert(Number.isFinite(Number(value ?? NaN)), `${query}: ${value}`);
    }
    const underWay = await prometheus.value(
      'lmcache_mp_num_submitted_stores_total{device="cuda:0"} - ' +
        "lmcache_mp_num_finished_stores_total",
    );
    assertEquals(underWay, "0");
    const hitRate = "lmcache_mp_lookup_hit_tokens_total / lmcache_mp_lookup_requested_tokens_total";
    assertEquals(await prometheus.value(hitRate), "0.75");
  },
});
