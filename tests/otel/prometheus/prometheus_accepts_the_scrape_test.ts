import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { example } from "../../support/kv_cache_events.ts";
import { installed, run } from "../../support/processes.ts";
import { buckets, gauge, histogram, point, producerOf, sum } from "../../support/metric_data.ts";
import { startPrometheus } from "../../support/real_prometheus.ts";

async function observedBus(): Promise<AsyncDisposable & { metrics: PrometheusMetrics }> {
  const metrics = new PrometheusMetrics({ serviceName: "test" });
  const bus = new EventBus<KvCacheEvents>({ logger: new MemoryLogger() }).start();
  registerKvCache(bus, { meter: metrics.meter });
  bus.subscribe("l1.read.finished", function broken() {
    throw new Error("no");
  });
  bus.publish("l1.read.finished", {
    keys: [{ chunkHash: 1, modelName: "m", cacheSalt: "" }],
  });
  bus.publish("mp.lookup_prefetch.end", {
    ...example("mp.lookup_prefetch.end", { hitTokens: 512 }),
    modelName: 'quo"te\\back\nline',
    cacheSalt: "",
  });
  await bus.flush();
  return {
    metrics,
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await metrics[Symbol.asyncDispose]();
    },
  };
}

const NASTY = 'quo"te \\ back\nline\r\t\0 {a="b"} # 1 # EOF naïve 🚌';
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

/** Metrics with a bit of everything. */
function nastyMetrics(): PrometheusMetrics {
  const exemplar = { value: 0.3, timestampMs: Date.now(), traceId: TRACE_ID, spanId: SPAN_ID };
  const description = NASTY;
  return new PrometheusMetrics({
    serviceName: NASTY,
    metricProducers: [producerOf([
      histogram({ name: "checkout.duration", unit: "s", description }, [
        point(buckets([0.1, 0.5, 1e6], [1, 1, 0, 2], 9), { nasty: NASTY, le: "x" }, [exemplar]),
      ]),
      sum({ name: "checkouts", description }, [point(1e21, { "a.b": 1, "a_b": 2 })]),
      sum({ name: "open", unit: "carts", description }, [point(-3)], false),
      gauge({ name: "gauge", description }, [point(Infinity)]),
    ])],
  });
}

async function promtool(
  scrape: string,
): Promise<[stdout: string, stderr: string, code: number | null]> {
  const { stdout, stderr, code } = await run("promtool", ["check", "metrics"], { input: scrape });
  return [stdout, stderr, code];
}

Deno.test({
  name: "promtool finds nothing to complain about",
  ignore: !installed("promtool"),
  async fn() {
    await using observed = await observedBus();
    assertEquals(await promtool(await observed.metrics.scrape()), ["", "", 0]);
    await using nasty = nastyMetrics();
    assertEquals(await promtool(await nasty.scrape()), ["", "", 0]);
  },
});

Deno.test({
  name: "a real Prometheus scrapes it",
  ignore: !installed("prometheus"),
  async fn() {
    await using observed = await observedBus();
    // It prefers OpenMetrics, but takes what it gets.
    await using prometheus = await startPrometheus(() => observed.metrics.scrape());
    assertEquals(await prometheus.value("up"), "1");
    assertEquals(await prometheus.value("lmcache_mp_l1_read_chunks_total"), "1");
    assertEquals(
      await prometheus.value("lmcache_mp_event_bus_subscriber_exceptions_total"),
      "1",
    );
    assertEquals(await prometheus.value("lmcache_mp_lookup_hit_tokens_total"), "512");
  },
});

Deno.test({
  name: "a real Prometheus scrapes OpenMetrics, and keeps the exemplars",
  ignore: !installed("prometheus"),
  async fn() {
    await using metrics = nastyMetrics();
    const formats: string[] = [];
    await using prometheus = await startPrometheus((format) => {
      formats.push(format);
      return metrics.scrape(format);
    }, "--enable-feature=exemplar-storage");
    assertEquals(formats[0], "openmetrics");
    assertEquals(await prometheus.value("up"), "1");
    assertEquals(await prometheus.value('checkout_duration_seconds_bucket{le="1e+06"}'), "2");
    assertEquals(await prometheus.value("checkout_duration_seconds_count"), "4");
    assertEquals(await prometheus.value('checkouts_total{a_b="1;2"}'), "1e+21");
    assertEquals(await prometheus.value("open_carts"), "-3");
    assertEquals(await prometheus.value("gauge"), "+Inf");
    const series = await prometheus.ask("series", { "match[]": "checkout_duration_seconds_sum" });
    assertEquals((series as { nasty: string }[])[0]?.nasty, NASTY);
    const metadata = await prometheus.ask("metadata", { metric: "checkout_duration_seconds" });
    assertEquals(metadata, {
      checkout_duration_seconds: [{ type: "histogram", unit: "seconds", help: NASTY }],
    });
    const now = Date.now() / 1_000;
    const exemplars = await prometheus.ask("query_exemplars", {
      query: "checkout_duration_seconds_bucket",
      start: String(now - 60),
      end: String(now + 60),
    }) as { seriesLabels: { le: string }; exemplars: { labels: unknown; value: string }[] }[];
    assertEquals(
      exemplars.map(({ seriesLabels, exemplars: [first] }) => [
        seriesLabels.le,
        first?.labels,
        first?.value,
      ]),
      [["0.5", { trace_id: TRACE_ID, span_id: SPAN_ID }, "0.3"]],
    );
  },
});
