import { DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Catalog } from "../catalog/catalog.ts";
import {
  type DescribedMetric,
  describeMetrics,
  metricPrefix,
  withWindow,
} from "./described_metric.ts";

/** The options of {@linkcode grafanaDashboard}. */
export interface DashboardOptions {
  /** Its title. */
  readonly title: string;
  /** Its id in links. Default: the title in lower case, with dashes. */
  readonly uid?: string;
  /** The prefix of the bus's own metrics; `undefined` omits them. Default: `"busbar"`. */
  readonly selfMetricsPrefix?: string | undefined;
}

const PANELS_PER_ROW = 2;
const GRID_WIDTH = 24;
const PANEL_HEIGHT = 8;

/**
 * Generates a Grafana dashboard with a panel for each metric of a catalog, and a row for the bus's health.
 * The data source is selected in Grafana with the variable `datasource`, by default Prometheus.
 *
 * @returns JSON text to import
 */
export function grafanaDashboard<Events extends object>(
  catalog: Catalog<Events>,
  options: DashboardOptions,
): string {
  const { title } = options;
  const uid = options.uid ?? title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const prefix = "selfMetricsPrefix" in options ? options.selfMetricsPrefix : "busbar";
  const dashboard = new DashboardBuilder(title).uid(uid).tags(["busbar"]).refresh("10s")
    .time({ from: "now-30m", to: "now" });
  for (const [group, metrics] of grouped(describeMetrics(catalog))) {
    dashboard.withRow(new RowBuilder(group));
    for (const metric of metrics) dashboard.withPanel(panelOf(metric));
  }
  if (prefix !== undefined) {
    dashboard.withRow(new RowBuilder("Event bus"));
    for (const panel of healthPanels(prefix)) dashboard.withPanel(panel);
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

/** By what stands before the last dot of the name and after the first. */
function grouped(metrics: readonly DescribedMetric[]): Map<string, DescribedMetric[]> {
  return Map.groupBy(metrics, ({ name }) => name.split(".")[0] ?? name);
}

function panelOf({ scrapeName, description, grafanaUnit, query, legend }: DescribedMetric) {
  return panel(scrapeName, description, grafanaUnit, query, legend);
}

function panel(title: string, description: string, unit: string, query: string, legend: string) {
  return new PanelBuilder().title(title).description(description).unit(unit).min(0)
    .span(GRID_WIDTH / PANELS_PER_ROW).height(PANEL_HEIGHT)
    .withTarget(
      new DataqueryBuilder().expr(withWindow(query, "$__rate_interval")).legendFormat(legend),
    );
}

function healthPanels(prefix: string) {
  const bus = `${metricPrefix(prefix)}_event_bus`;
  return [
    panel("Queue", "Events waiting in the queue", "short", `${bus}_queue_depth`, "{{instance}}"),
    panel("Drain lag", "How late events are", "s", `${bus}_drain_lag_seconds`, "{{instance}}"),
    panel(
      "Slices",
      "How long the bus holds the event loop, 99th percentile",
      "s",
      `histogram_quantile(0.99, sum by (le, instance) (rate(${bus}_slice_duration_seconds_bucket[$window])))`,
      "{{instance}}",
    ),
    panel(
      "Events",
      "Published a second",
      "short",
      `sum (rate(${bus}_published_events_total[$window]))`,
      "published",
    ),
    panel(
      "Lost events",
      "A second, by reason",
      "short",
      `sum by (reason) (rate(${bus}_lost_events_total[$window]))`,
      "{{reason}}",
    ),
  ];
}
