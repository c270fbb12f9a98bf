// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Writes what follows from the KV-cache catalog: documents, dashboard, rules and alerts. With
 * `--check` it writes nothing, and fails if a file is not as it would write it.
 *
 * Run it with `deno task generate`.
 *
 * @module
 */
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
import { DEFAULT_KV_CACHE_OPTIONS, kvCacheCatalog } from "@busbar/busbar/kv-cache";

const catalog = kvCacheCatalog();
const { prefix } = DEFAULT_KV_CACHE_OPTIONS;
const files: Readonly<Record<string, string>> = {
  "docs/events.md": eventsMarkdown(catalog, "Events of a key-value cache server"),
  "docs/metrics.md": metricsMarkdown(catalog, "Metrics of a key-value cache server"),
  "examples/grafana/dashboard.json": grafanaDashboard(catalog, {
    title: "KV cache",
    uid: "kv-cache",
    selfMetricsPrefix: prefix,
    rows: [kvCacheRow()],
  }),
  "examples/prometheus/rules.yml": rulesYaml("kv-cache", recordingRules(catalog)),
  "examples/prometheus/alerts.yml": rulesYaml("kv-cache-alerts", [
    ...busAlerts({ prefix, job: "kv-cache" }),
    // The example's chunks are small: this is a fifth of what its disk tier usually does.
    ...kvCacheAlerts({ prefix, minL2ThroughputGBs: 0.00002 }),
  ]),
};

const check = Deno.args.includes("--check");
const root = new URL("../", import.meta.url);
let stale = 0;
for (const [path, text] of Object.entries(files)) {
  const file = new URL(path, root);
  const current = await Deno.readTextFile(file).catch(() => undefined);
  if (current === text) continue;
  stale++;
  if (check) {
    console.error(`${path} is stale; run deno task generate`);
  } else {
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, text);
    console.log(`wrote ${path}`);
  }
}
if (check && stale > 0) Deno.exit(1);
