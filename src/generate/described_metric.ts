import type { Catalog } from "../catalog/catalog.ts";
import type { AnyEvent } from "../catalog/declaration.ts";
import type { MetricDeclaration } from "../catalog/metric.ts";
import { familyName, labelName, unitSuffix } from "../catalog/scrape_name.ts";

/** A declared metric as it appears in a scrape, with a query for it. */
export interface DescribedMetric {
  /** The OpenTelemetry name. */
  readonly name: string;
  /** The name of a sample in a scrape; for a histogram, the prefix of its three names. */
  readonly scrapeName: string;
  /** The Prometheus type: `counter`, `gauge` or `histogram`. */
  readonly prometheusType: "counter" | "gauge" | "histogram";
  /** Its unit as declared. */
  readonly unit: string;
  /** The unit as Grafana names it. */
  readonly grafanaUnit: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
  /** The event types that feed it; none where it is read when metrics are collected. */
  readonly types: readonly string[];
  /** What it measures. */
  readonly description: string;
  /** A query for it. */
  readonly query: string;
  /** The Grafana legend that distinguishes the query's series. */
  readonly legend: string;
}

/** Grafana's own ids of units; what is not among them is shown as a plain number. */
const GRAFANA_UNITS: Readonly<Record<string, string>> = {
  "s": "s",
  "ms": "ms",
  "By": "bytes",
  "By/s": "Bps",
  "GB/s": "GBs",
  "1": "percentunit",
};

/** Placeholder metadata: whatever is read from it, or called, is the same again. */
const ANYTHING: unknown = new Proxy(() => "", {
  get: (_, name) =>
    name === Symbol.toPrimitive
      ? () => ""
      : name === Symbol.iterator
      ? [][Symbol.iterator].bind([])
      : ANYTHING,
  apply: () => ANYTHING,
});

const ANY_EVENT: AnyEvent = {
  type: "",
  timestamp: 0,
  metadata: ANYTHING,
  sessionId: "",
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
};

/** The metrics of a catalog, in its order. */
export function describeMetrics<Events extends object>(
  catalog: Catalog<Events>,
): DescribedMetric[] {
  return Object.entries(catalog.metrics ?? {}).map(([name, declared]) => describe(name, declared));
}

function describe<Events extends object>(
  name: string,
  declared: MetricDeclaration<Events>,
): DescribedMetric {
  const { kind, unit, description } = declared;
  const prometheusType = kind === "upDownCounter" ? "gauge" : kind;
  const scrapeName = scrapeNameOf(name, unit, kind === "counter");
  // A histogram's scrape has an `le` of its own.
  const isOwn = (label: string) => kind === "histogram" && label === "le";
  const labels = [
    ...new Set(labelsOf(declared).map((label) => isOwn(label) ? `exported_${label}` : label)),
  ];
  const by = labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
  const query = kind === "histogram"
    ? `histogram_quantile(0.95, sum by (${["le", ...labels].join(", ")}) ` +
      `(rate(${scrapeName}_bucket[$window])))`
    : kind === "counter"
    ? `sum${by} (rate(${scrapeName}[$window]))`
    : `sum${by} (${scrapeName})`;
  const grafanaUnit = kind === "counter" && unit === "By"
    ? "Bps"
    : (Object.hasOwn(GRAFANA_UNITS, unit) ? GRAFANA_UNITS[unit] : undefined) ?? "short";
  return {
    name,
    scrapeName,
    prometheusType,
    // What is in braces stands in no name, but says what is counted.
    unit: unitSuffix(unit) || unit.replace(/[{}]/g, ""),
    grafanaUnit,
    labels,
    types: declared.source === "pair"
      ? [declared.start, declared.end]
      : declared.source === "event"
      ? declared.types
      : [],
    description,
    query,
    legend: labels.length === 0 ? name : labels.map((label) => `{{${label}}}`).join(" "),
  };
}

/** The beginning of OpenTelemetry names as scrape names have it. */
export function metricName(prefix: string): string {
  return familyName(prefix, "", false);
}

/** Fills in a query's time window, such as `5m`, or `$__rate_interval` in Grafana. */
export function withWindow(query: string, window: string): string {
  return query.replaceAll("$window", window);
}

/** An OpenTelemetry name as a scrape shows it. */
function scrapeNameOf(name: string, unit: string, isCounter: boolean): string {
  const family = familyName(name, unit, isCounter);
  return isCounter ? `${family}_total` : family;
}

function labelsOf<Events extends object>(declared: MetricDeclaration<Events>): string[] {
  if (declared.attributeNames !== undefined) return declared.attributeNames.map(labelName);
  if (declared.source === "read") return [];
  const { attributes } = declared;
  if (attributes === undefined) return [];
  try {
    return Object.keys(attributes(ANY_EVENT, ANY_EVENT)).map(labelName);
  } catch {
    // A function that needs to know more of its event: such a metric names its attributes.
    return [];
  }
}
