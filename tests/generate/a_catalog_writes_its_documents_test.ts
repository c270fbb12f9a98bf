import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "yaml";
import { EventBus } from "@busbar/busbar";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { declare } from "@busbar/busbar/catalog";
import {
  busAlerts,
  eventsMarkdown,
  grafanaDashboard,
  kvCacheAlerts,
  kvCacheRow,
  metricsMarkdown,
  recordingRules,
  rulesYaml,
} from "@busbar/busbar/generate";
import { DEFAULT_KV_CACHE_OPTIONS } from "@busbar/busbar/kv-cache";
import { describeMetrics } from "../../src/generate/described_metric.ts";
import { dashboardQueries } from "../support/dashboard_queries.ts";

interface ShopEvents {
  "order.start": { cart: string };
  "order.end": { cart: string; bytes: number; byModel: Record<string, number> };
}

const { catalog, counter, duration, gauge, histogram, span } = declare<ShopEvents>();
const shop = catalog({
  events: {
    "order.end": {
      description: "An order | is paid",
      metadata: { bytes: { description: "Size of the receipt", unit: "By" } },
    },
  },
  metrics: {
    "shop.orders": counter("order.end", {
      description: "Orders",
      attributes: ({ metadata }) => ({ "cart.kind": metadata.cart.split("-")[0] }),
    }),
    "shop.items": counter("order.end", {
      unit: "items",
      measurements: ({ metadata }) =>
        Object.entries(metadata.byModel).map(([model, value]) => ({
          value,
          attributes: { model },
        })),
      attributeNames: ["model"],
    }),
    "shop.size": histogram("order.end", { value: ({ metadata }) => metadata.bytes, unit: "By" }),
    "shop.last": gauge("order.end", { value: ({ metadata }) => metadata.bytes }),
    "shop.duration": duration("order.start", "order.end"),
  },
  spans: { order: span("order.start", "order.end") },
  logs: { "order.end": { level: "info" } },
});

Deno.test("each metric has its scrape name, labels and a query", () => {
  assertEquals(
    describeMetrics(shop).map(({ scrapeName, labels, query }) => [scrapeName, labels, query]),
    [
      ["shop_orders_total", ["cart_kind"], "sum by (cart_kind) (rate(shop_orders_total[$window]))"],
      ["shop_items_total", ["model"], "sum by (model) (rate(shop_items_total[$window]))"],
      [
        "shop_size_bytes",
        [],
        "histogram_quantile(0.95, sum by (le) (rate(shop_size_bytes_bucket[$window])))",
      ],
      ["shop_last", [], "sum (shop_last)"],
      [
        "shop_duration_seconds",
        [],
        "histogram_quantile(0.95, sum by (le) (rate(shop_duration_seconds_bucket[$window])))",
      ],
    ],
  );
});

Deno.test("events say what they mean and what becomes of them", () => {
  const text = eventsMarkdown(shop);
  assert(text.includes("## `order.end`\n\nAn order | is paid\n"));
  assert(text.includes("| `bytes` | By | Size of the receipt |"));
  assert(text.includes("the metric `shop.size`, the metric `shop.last`"));
  assert(text.includes("the span `order`, a log record."));
  assert(metricsMarkdown(shop).includes("rate(shop_orders_total[5m])"));
});

Deno.test("a dashboard has a panel for each metric, and one of the bus's health", () => {
  const queries = dashboardQueries(grafanaDashboard(shop, { title: "Shop" }));
  assertEquals(queries.length, 5 + 5);
  assert(queries.includes("sum by (cart_kind) (rate(shop_orders_total[5m]))"), queries.join("\n"));
  const bare = grafanaDashboard(shop, { title: "Shop", selfMetricsPrefix: false });
  assertEquals(dashboardQueries(bare).length, 5);
  assertEquals(JSON.parse(bare).title, "Shop");
});

Deno.test("rows of one's own come first, with a window of Grafana's", () => {
  const panel = {
    title: "Share",
    description: "Of all",
    unit: "percentunit",
    query: "rate(a[$window]) / rate(b[$window])",
    legend: "share",
  };
  const text = grafanaDashboard(shop, {
    title: "Shop",
    rows: [{ title: "Mine", panels: [panel] }],
  });
  const [row, first] = JSON.parse(text).panels;
  assertEquals([row.type, row.title, first.title], ["row", "Mine", "Share"]);
  assertEquals(first.targets[0].expr, "rate(a[$__rate_interval]) / rate(b[$__rate_interval])");
});

Deno.test("a KV cache's first row has the hit rates of all, each tier and CacheBlend", () => {
  const titles = (options = {}) => kvCacheRow(options).panels.map(({ title }) => title);
  const tiers = ["Hit rate", "Hit rate by model", "Hit rate of L1", "Hit rate of L2"];
  assertEquals(titles(), [...tiers, "CacheBlend", "CacheBlend, no prefix"]);
  assertEquals(titles({ blendPrefix: false }), tiers);
  const queries = (options = {}) => kvCacheRow(options).panels.map(({ query }) => query);
  assertEquals(
    queries()[2],
    "sum (rate(lmcache_mp_lookup_hit_l1_tokens_total[$window])) / " +
      "sum (rate(lmcache_mp_lookup_requested_tokens_total[$window]))",
  );
  const own = queries({ prefix: "my.kv", blendPrefix: "my.blend" });
  assert(own.slice(0, 4).every((query) => query.includes("(my_kv_lookup_")));
  assert(own.slice(4).every((query) => query.includes("(my_blend_lookup_")));
});

const DEFAULT_PREFIX = { prefix: DEFAULT_KV_CACHE_OPTIONS.prefix };

Deno.test("an option that is undefined is absent, one that does not exist is refused", () => {
  assertEquals(
    grafanaDashboard(shop, { title: "Shop", uid: undefined, selfMetricsPrefix: undefined }),
    grafanaDashboard(shop, { title: "Shop" }),
  );
  const nothing = { prefix: undefined, job: undefined, maxDrainLagSeconds: undefined };
  assertEquals(busAlerts(nothing), busAlerts());
  const none = { prefix: undefined, blendPrefix: undefined, minL2ThroughputGBs: undefined };
  assertEquals(kvCacheAlerts(none), kvCacheAlerts());
  assertEquals(kvCacheAlerts(DEFAULT_PREFIX), kvCacheAlerts());
  assertEquals(kvCacheRow({ prefix: undefined, blendPrefix: undefined }), kvCacheRow());
  const { prefix, blendPrefix } = DEFAULT_KV_CACHE_OPTIONS;
  assertEquals(kvCacheRow({ prefix, blendPrefix }), kvCacheRow());
  const names = kvCacheAlerts({ blendPrefix: false }).map(({ alert }) => alert);
  assertEquals(
    names,
    kvCacheAlerts().map(({ alert }) => alert).filter((alert) => !alert.startsWith("Blend")),
  );
  for (
    const [write, advice] of [
      [() => grafanaDashboard(shop, { tittle: "Shop" } as never), 'did you mean "title"?'],
      [() => busAlerts({ jobs: "shop" } as never), 'did you mean "job"?'],
      [() => kvCacheAlerts({ prefixes: "x" } as never), 'did you mean "prefix"?'],
      [() => kvCacheRow({ prefixes: "x" } as never), 'did you mean "prefix"?'],
    ] as const
  ) assertThrows(write, TypeError, advice);
});

Deno.test("rules are YAML that says the same", () => {
  const alerts = busAlerts({ prefix: "shop" });
  const { groups } = parse(rulesYaml("shop", [...recordingRules(shop), ...alerts]));
  assertEquals(groups[0].rules.length, 4 + alerts.length);
  assertEquals(groups[0].rules[0].record, "shop_orders:rate5m");
});

Deno.test("a generated name is the one that a scrape shows, however odd", async () => {
  const odd = catalog({
    metrics: {
      "shop.__odd--name/of": counter("order.end", {
        unit: "a/b",
        attributes: () => ({ "my--label..x": 1 }),
      }),
    },
  });
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics: odd.metrics ?? {} });
  const producer = createMetricProducer({ collect: () => subscriber.collect() });
  await using prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  const bus = new EventBus<ShopEvents>().start();
  bus.registerSubscriber(subscriber);
  bus.publish("order.end", { cart: "", bytes: 0, byModel: {} });
  await bus.stop();
  const [metric] = describeMetrics(odd);
  const scrape = await prometheus.scrape();
  assert(scrape.includes(`${metric?.scrapeName}{${metric?.labels[0]}="1"} 1\n`), scrape);
});

Deno.test("a histogram's attribute le is the label that its scrape shows", async () => {
  const declared = catalog({
    metrics: {
      "shop.sizes": histogram("order.end", {
        value: ({ metadata }) => metadata.bytes,
        attributes: () => ({ le: "large", shop: "a" }),
        buckets: [1],
      }),
    },
  });
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics: declared.metrics ?? {} });
  const producer = createMetricProducer({ collect: () => subscriber.collect() });
  await using prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  const bus = new EventBus<ShopEvents>().start();
  bus.registerSubscriber(subscriber);
  bus.publish("order.end", { cart: "", bytes: 1, byModel: {} });
  await bus.stop();
  const [metric] = describeMetrics(declared);
  assertEquals(metric?.labels, ["exported_le", "shop"]);
  assertEquals(
    metric?.query,
    "histogram_quantile(0.95, sum by (le, exported_le, shop) (rate(shop_sizes_bucket[$window])))",
  );
  const scrape = await prometheus.scrape();
  assert(scrape.includes('shop_sizes_count{exported_le="large",shop="a"} 1\n'), scrape);
});
