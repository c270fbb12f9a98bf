import { assert, assertEquals } from "@std/assert";
import { kvCacheCatalog } from "@busbar/busbar/kv-cache";
import { describeMetrics } from "../../src/generate/described_metric.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGES = [
  "README.md",
  "docs/metrics.md",
  "docs/events.md",
  "docs/guides/migrating.md",
  "docs/guides/production.md",
  "examples/grafana/dashboard.json",
  "examples/prometheus/rules.yml",
  "examples/prometheus/alerts.yml",
];

Deno.test("what pages, dashboard and rules call a KV-cache metric is its name in a scrape", async () => {
  const names = new Set(
    describeMetrics(kvCacheCatalog()).flatMap(({ scrapeName, prometheusType }) =>
      prometheusType === "histogram"
        ? [scrapeName, ...["bucket", "sum", "count"].map((series) => `${scrapeName}_${series}`)]
        : [scrapeName]
    ),
  );
  // What a rule records is the series' name, a colon and what was done with it.
  const recorded = new Set([...names].map((name) => name.replace(/_total$/, "")));
  const wrong: string[] = [];
  let seen = 0;
  for (const page of PAGES) {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    for (const [name, ending] of text.matchAll(/\blmcache_(?:mp|blend)_\w+(:|…)?/g)) {
      const known = ending === "…" || name.startsWith("lmcache_mp_event_bus_") ||
        (ending === ":" ? recorded.has(name.slice(0, -1)) : names.has(name));
      if (!known) wrong.push(`${page}: ${name}`);
      seen++;
    }
  }
  assertEquals(wrong, []);
  assert(seen > 300);
});

Deno.test("no page has another spelling of a throughput's unit", async () => {
  for (const page of PAGES) {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    assertEquals([...text.matchAll(/throughput_(?:gbs|GBs|gb_per_second)\b/g)].length, 0, page);
  }
});
