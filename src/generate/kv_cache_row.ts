import { assertKnownNames } from "../internal/option_names.ts";
import type { DashboardRow } from "./dashboard.ts";
import { metricName } from "./described_metric.ts";
import type { KvCacheAlertsOptions } from "./kv_cache_alerts.ts";

/**
 * What a KV cache's dashboard begins with: how much of what was asked for was found, in all, in each
 * tier and by CacheBlend.
 *
 * @throws {TypeError} if an option is unknown
 */
export function kvCacheRow(
  options: Pick<KvCacheAlertsOptions, "prefix" | "blendPrefix"> = {},
): DashboardRow {
  assertKnownNames("write KV cache panels", "option", options, ["prefix", "blendPrefix"]);
  const { prefix = "lmcache_mp", blendPrefix = "lmcache_blend" } = options;
  const share = (prefix: string, hit: string, by: string) => {
    const rate = (metric: string) =>
      `sum${by} (rate(${metricName(`${prefix}.lookup_${metric}`)}_total[$window]))`;
    return `${rate(hit)} / ${rate("requested_tokens")}`;
  };
  const panel = (title: string, description: string, hit: string, by = "", legend = title) => ({
    title,
    description,
    unit: "percentunit",
    query: share(prefix, hit, by),
    legend,
  });
  const byModel = " by (model_name)";
  const panels = [
    panel("Hit rate", "Share of the tokens asked for that were found", "hit_tokens"),
    panel("Hit rate by model", "The same, by model", "hit_tokens", byModel, "{{model_name}}"),
    panel("Hit rate of L1", "Share of the tokens that L1 has without L2", "hit_l1_tokens"),
    panel("Hit rate of L2", "Share of the tokens that it takes L2 to find", "hit_l2_tokens"),
  ];
  if (blendPrefix === false) return { title: "Hit rates", panels };
  const blend = (title: string, description: string, hit: string) => ({
    title,
    description,
    unit: "percentunit",
    query: share(blendPrefix, hit, ""),
    legend: title,
  });
  return {
    title: "Hit rates",
    panels: [
      ...panels,
      blend("CacheBlend", "Share of the tokens that CacheBlend has found", "hit_tokens"),
      blend(
        "CacheBlend, no prefix",
        "Share of the tokens that only CacheBlend can find",
        "non_prefix_hit_tokens",
      ),
    ],
  };
}
