import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
} from "@opentelemetry/sdk-metrics";
import { exemplarsOf } from "../metrics/exemplar.ts";
import type { Steps } from "../../internal/slices.ts";
import { explicitBuckets, explicitHistogram } from "./buckets.ts";
import { Family } from "./family.ts";
import { KnownSeries, LabelReaders } from "./known_series.ts";
import { LabelFormatter } from "./label_formatter.ts";
import { isPlain, type ScopeLabels, scopeLabels } from "./scope_labels.ts";
import { familyName, type FamilyType, seriesNames, unitSuffix } from "../../catalog/scrape_name.ts";
import type { ReportOnce } from "../../internal/report_once.ts";

/** How many series are handled between two looks at the clock. */
const SERIES_PER_STEP = 64;

/** Which scopes are named on their series. */
export interface FamiliesOptions {
  /** The name of Busbar's own scope. */
  readonly ownScope: string;
  /** Whether it is named as all others are. */
  readonly scopeLabels: ScopeLabels;
}

/** The series of one instrumentation scope. */
class ScopeFormatters {
  /** What the scope is. */
  readonly identity: string;
  /** What its labels say of it. */
  readonly labels: string;
  readonly numbers: LabelFormatter;
  /** A histogram's series have a label `le` of their own. */
  readonly histograms: LabelFormatter;

  constructor(scope: ScopeMetrics["scope"], { ownScope, scopeLabels: which }: FamiliesOptions) {
    const isOwn = scope.name === ownScope && isPlain(scope);
    const labels = isOwn && which === "others" ? [] : scopeLabels(scope);
    this.identity = JSON.stringify(scopeLabels(scope));
    this.labels = JSON.stringify(labels);
    this.numbers = new LabelFormatter(undefined, labels);
    this.histograms = new LabelFormatter("le", labels);
  }
}

/** Groups what was collected into families, as Prometheus and OpenMetrics have them. */
export class Families {
  readonly #reports: ReportOnce;
  readonly #options: FamiliesOptions;
  #known = new KnownSeries();

  /** @param reports where it is reported what cannot be shown */
  constructor(reports: ReportOnce, options: FamiliesOptions) {
    this.#reports = reports;
    this.#options = options;
  }

  /**
   * The families, by name, what is known of the resource first.
   *
   * Instruments whose names become the same are one family if their type is the same too; otherwise
   * the first one is shown, and the other reported. Of several units and descriptions of a family the
   * first is shown.
   */
  *group({ resource, scopeMetrics }: ResourceMetrics): Steps<readonly Family[]> {
    const families: Family[] = [];
    // Two collections may be under way: each reads what the last one that ended knew.
    const known = this.#known;
    const readers = new LabelReaders(known);
    const owners = new Map<string, { family: Family; instrument: string }>();
    const target = new Family("target", "info", "", "Target metadata");
    if (Object.keys(resource.attributes).length > 0) {
      yield* target.open();
      target.add(new LabelFormatter().write(resource.attributes), 1);
    }
    for (const name of seriesNames(target.name, target.type)) {
      owners.set(name, { family: target, instrument: "the resource" });
    }
    for (const { scope, metrics } of scopeMetrics) {
      const formatters = new ScopeFormatters(scope, this.#options);
      for (const metric of metrics) {
        if (metric.dataPoints.length === 0) continue;
        const family = this.#familyOf(metric, families, owners, known);
        if (family === undefined) continue;
        family.enter(formatters);
        yield* this.#fill(family, metric, readers, formatters);
      }
    }
    this.#known = readers.end(families);
    families.sort((a, b) => a.name < b.name ? -1 : 1);
    return target.values.length > 0 ? [target, ...families] : families;
  }

  #familyOf(
    metric: MetricData,
    families: Family[],
    owners: Map<string, { family: Family; instrument: string }>,
    known: KnownSeries,
  ): Family | undefined {
    const { name: instrument, unit: otelUnit, description } = metric.descriptor;
    const what = `the metric ${JSON.stringify(instrument)}`;
    if (
      metric.dataPointType !== DataPointType.GAUGE &&
      metric.aggregationTemporality !== AggregationTemporality.CUMULATIVE
    ) {
      this.#reports.report(
        `Cannot show ${what}: its temporality must be cumulative, received delta`,
      );
      return undefined;
    }
    const type = typeOf(metric);
    const unit = unitSuffix(otelUnit);
    const name = familyName(instrument, otelUnit, type === "counter");
    if (name === "") {
      this.#reports.report(`Cannot show ${what}: its name must have a letter or digit`);
      return undefined;
    }
    const same = owners.get(name)?.family;
    if (same?.name === name && same.type === type) {
      this.#addMetadata(same, what, { unit, description });
      return same;
    }
    for (const series of seriesNames(name, type)) {
      const other = owners.get(series);
      if (other === undefined) continue;
      this.#reports.report(
        `Cannot show ${what}: its name ${series} must have one type, but it is ` +
          `${describe(type, unit)}, and ${describe(other.family.type, other.family.unit)} by ` +
          `${other.instrument}`,
      );
      return undefined;
    }
    const family = new Family(name, type, unit, description, known.familyLabels(name));
    for (const series of seriesNames(name, type)) owners.set(series, { family, instrument: what });
    families.push(family);
    return family;
  }

  /** A name may have one unit and one help text, whatever its instruments say. */
  #addMetadata(
    family: Family,
    what: string,
    { unit, description }: { readonly unit: string; readonly description: string },
  ): void {
    const others: string[] = [];
    if (unit !== family.unit) others.push(unit === "" ? "no unit" : `the unit ${unit}`);
    if (family.help === "") family.help = description;
    else if (description !== "" && description !== family.help) others.push("another description");
    if (others.length === 0) return;
    this.#reports.report(
      `Cannot show all of what is said of ${what}: it has ${others.join(" and ")}, but ` +
        `${family.name} is shown already, as ${describe(family.type, family.unit)}`,
    );
  }

  *#fill(
    family: Family,
    metric: MetricData,
    readers: LabelReaders,
    { labels: scope, numbers, histograms }: ScopeFormatters,
  ): Steps<void> {
    const { dataPointType, dataPoints } = metric;
    const isHistogram = family.type === "histogram";
    const labels = readers.add(
      `${isHistogram} ${scope} ${metric.descriptor.name}`,
      isHistogram ? histograms : numbers,
    );
    if (dataPointType === DataPointType.GAUGE) family.additive = false;
    for (let i = 0; i < dataPoints.length; i++) {
      if (i % SERIES_PER_STEP === SERIES_PER_STEP - 1) yield;
      const point = dataPoints[i] as MetricData["dataPoints"][number];
      const value = typeof point.value === "number"
        ? point.value
        : "buckets" in point.value
        ? explicitHistogram(point.value, exemplarsOf(point))
        : explicitBuckets(point.value, exemplarsOf(point));
      const text = labels.next(point.attributes);
      if (family.type === "counter" && !((value as number) >= 0)) {
        this.#reports.report(
          `Cannot show all of the metric ${JSON.stringify(metric.descriptor.name)}: a counter ` +
            `must be at least 0, and one of its series is not`,
        );
        continue;
      }
      if (!family.isKnown(text)) yield* family.open();
      if (family.add(text, value)) continue;
      this.#reports.report(
        `Cannot show all of the metric ${JSON.stringify(metric.descriptor.name)}: several of its ` +
          `series become ${family.name}${text.text}, and only the last is shown`,
      );
    }
    yield;
  }
}

function typeOf(metric: MetricData): FamilyType {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? "counter" : "gauge";
    case DataPointType.GAUGE:
      return "gauge";
    default:
      return "histogram";
  }
}

function describe(type: FamilyType, unit: string): string {
  const what = type === "info" ? "an info" : `a ${type}`;
  return unit === "" ? what : `${what} in ${unit}`;
}
