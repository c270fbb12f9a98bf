import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Catalog } from "../catalog/catalog.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { DEFAULT_SELF_METRICS_PREFIX } from "../subscribers/self_metrics/options.ts";
import { fitTitle, isUid, uidOf } from "./dashboard_uid.ts";
import { grafanaText } from "./escape.ts";
import {
  type DescribedMetric,
  describeMetrics,
  metricName,
  withWindow,
} from "./described_metric.ts";

/** The options of {@linkcode grafanaDashboard}. */
export interface DashboardOptions {
  /** Its title, not empty. Of more than 189 characters, which Grafana does not take, the rest is cut. */
  readonly title: string;
  /**
   * Its id in links: 1 to 40 letters, digits, `-` and `_`. Default: the title if it can be one, else what
   * it has of Latin letters and digits, and a hash.
   */
  readonly uid?: string | undefined;
  /** The prefix of the bus's own metrics; `false` leaves their row out. Default: `"busbar"`. */
  readonly selfMetricsPrefix?: string | false | undefined;
  /** Rows to begin with, before those of the metrics. Default: none. */
  readonly rows?: readonly DashboardRow[] | undefined;
}

/** A row of a dashboard. */
export interface DashboardRow {
  /** Its title. */
  readonly title: string;
  /** Its panels. */
  readonly panels: readonly {
    /** Its title. */
    readonly title: string;
    /** What it shows. */
    readonly description: string;
    /** The unit of its values, as Grafana names it: `"short"`, `"percentunit"`. */
    readonly unit: string;
    /** A query in PromQL, with `$window` for the time that rates are over. */
    readonly query: string;
    /** The legend of its series, such as `"{{instance}}"`. */
    readonly legend: string;
  }[];
}

type Panel = DashboardRow["panels"][number];

const ACTION = "write a dashboard";
const PANELS_PER_ROW = 2;
const GRID_WIDTH = 24;
const PANEL_HEIGHT = 8;
const DATA_SOURCE_TYPE = "prometheus";
const DATA_SOURCE_VARIABLE = "datasource";

/**
 * Generates a Grafana dashboard with a panel for each metric of a catalog, and a row for the bus's
 * health. The data source is selected in Grafana, among those of Prometheus, with the variable
 * `datasource`.
 *
 * @returns JSON text to import
 * @throws {TypeError} if an option is unknown, the title is empty, or `uid` is none
 */
export function grafanaDashboard<Events extends object>(
  catalog: Catalog<Events>,
  options: DashboardOptions,
): string {
  assertKnownNames(ACTION, "option", options, [
    "title",
    "uid",
    "selfMetricsPrefix",
    "rows",
  ]);
  const { title, selfMetricsPrefix = DEFAULT_SELF_METRICS_PREFIX } = options;
  if (typeof title !== "string" || title.trim() === "") {
    invalidArgument(TypeError, ACTION, "title", "a text that is not empty", title);
  }
  const uid = options.uid ?? uidOf(title);
  if (!isUid(uid)) {
    invalidArgument(TypeError, ACTION, "uid", "of 1 to 40 letters, digits, - and _", uid);
  }
  const dashboard = new DashboardBuilder(fitTitle(title)).uid(uid).tags(["busbar"]).refresh("10s")
    .time({ from: "now-30m", to: "now" })
    .withVariable(new DatasourceVariableBuilder(DATA_SOURCE_VARIABLE).type(DATA_SOURCE_TYPE));
  for (const { title, panels } of options.rows ?? []) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(buildPanel(panel));
  }
  for (const [group, metrics] of grouped(describeMetrics(catalog))) {
    dashboard.withRow(new RowBuilder(group));
    for (const metric of metrics) dashboard.withPanel(panelOf(metric));
  }
  if (selfMetricsPrefix !== false) {
    dashboard.withRow(new RowBuilder("Event bus"));
    for (const panel of healthPanels(selfMetricsPrefix)) dashboard.withPanel(panel);
  }
  const { panels = [], ...built } = dashboard.build();
  // Grafana tells panels apart by these; the builder leaves them out, or gives all rows the same.
  const numbered = panels.map((panel, i) => ({ ...panel, id: i + 1 }));
  return `${JSON.stringify({ ...built, panels: numbered }, null, 2)}\n`;
}

/** By what stands before the first dot of their names. */
function grouped(metrics: readonly DescribedMetric[]): Map<string, DescribedMetric[]> {
  return Map.groupBy(metrics, ({ name }) => name.split(".")[0] ?? name);
}

function panelOf({ scrapeName, description, grafanaUnit, query, legend }: DescribedMetric) {
  return buildPanel({
    title: scrapeName,
    description,
    unit: grafanaUnit,
    query,
    legend,
  });
}

function buildPanel({ title, description, unit, query, legend }: Panel) {
  return new PanelBuilder().title(title).description(grafanaText(description)).unit(unit).min(0)
    .span(GRID_WIDTH / PANELS_PER_ROW).height(PANEL_HEIGHT)
    .datasource({ type: DATA_SOURCE_TYPE, uid: `\${${DATA_SOURCE_VARIABLE}}` })
    .withTarget(
      new DataqueryBuilder().expr(withWindow(query, "$__rate_interval")).legendFormat(legend),
    );
}

function healthPanels(prefix: string) {
  const bus = metricName(`${prefix}.event_bus`);
  const panels: readonly Panel[] = [
    {
      title: "Queue",
      description: "Events waiting in the queue",
      unit: "short",
      query: `${bus}_queue_depth`,
      legend: "{{instance}}",
    },
    {
      title: "Drain lag",
      description: "How late events are",
      unit: "s",
      query: `${bus}_drain_lag_seconds`,
      legend: "{{instance}}",
    },
    {
      title: "Slices",
      description: "How long the bus holds the event loop, 99th percentile",
      unit: "s",
      query:
        `histogram_quantile(0.99, sum by (le, instance) (rate(${bus}_slice_duration_seconds_bucket[$window])))`,
      legend: "{{instance}}",
    },
    {
      title: "Events",
      description: "Published a second",
      unit: "short",
      query: `sum (rate(${bus}_published_events_total[$window]))`,
      legend: "published",
    },
    {
      title: "Lost events",
      description: "A second, by reason",
      unit: "short",
      query: `sum by (reason) (rate(${bus}_lost_events_total[$window]))`,
      legend: "{{reason}}",
    },
  ];
  return panels.map(buildPanel);
}
