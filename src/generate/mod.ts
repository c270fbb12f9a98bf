/**
 * Generates documents, a Grafana dashboard and Prometheus rules from a catalog. It is meant for
 * scripts; no other entry point imports it. In an npm project, install the packages that it uses:
 * `npm install --save-dev @grafana/grafana-foundation-sdk yaml`.
 *
 * @example
 * ```ts
 * import { declare } from "@busbar/busbar/catalog";
 * import { metricsMarkdown, recordingRules } from "@busbar/busbar/generate";
 *
 * interface ShopEvents {
 *   "order": { status: string };
 * }
 * const { catalog, counter } = declare<ShopEvents>();
 * const shop = catalog({
 *   metrics: {
 *     "shop.orders": counter("order", {
 *       description: "Orders",
 *       attributes: ({ metadata: { status } }) => ({ status }),
 *     }),
 *   },
 * });
 * const [rule] = recordingRules(shop);
 * if (rule?.expr !== "sum by (status) (rate(shop_orders_total[5m]))") throw new Error(rule?.expr);
 * if (!metricsMarkdown(shop).includes("shop_orders_total")) throw new Error("not there");
 * ```
 *
 * @module
 */
export type { Catalog } from "../catalog/catalog.ts";
export { type DashboardOptions, type DashboardRow, grafanaDashboard } from "./dashboard.ts";
export { kvCacheAlerts, type KvCacheAlertsOptions } from "./kv_cache_alerts.ts";
export { kvCacheRow } from "./kv_cache_row.ts";
export { eventsMarkdown, metricsMarkdown } from "./markdown.ts";
export {
  type AlertRule,
  busAlerts,
  type BusAlertsOptions,
  type RecordingRule,
  recordingRules,
  rulesYaml,
} from "./prometheus_rules.ts";
