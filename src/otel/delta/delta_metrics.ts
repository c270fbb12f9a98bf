import { wallMs } from "../../internal/clocks.ts";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ScopeMetrics,
} from "@opentelemetry/sdk-metrics";
import type { Steps } from "../../internal/slices.ts";
import { toHrTime } from "../../subscribers/hr_time.ts";
import { deltaOf, type Value } from "./delta_point.ts";
import { isAfter } from "./point_time.ts";
import type { ResourceMetrics } from "../sdk_types.ts";

/** How many points are converted between two looks at the clock. */
const POINTS_PER_STEP = 64;

/** A series that this many pushes in a row did not hold is forgotten, so that memory is bounded. */
const FORGET_AFTER_PUSHES = 1_000;

/** Metrics as deltas, and what to call once the other side has accepted them. */
export interface Deltas {
  readonly metrics: ResourceMetrics;
  /** How many data points they have; unchanged series have none. */
  readonly pointCount: number;
  /** Makes the next deltas begin here. Without it they begin where these did, and hold them too. */
  commit(): void;
}

/** A series, and its data point in the last push that was committed. */
interface Series {
  committed: DataPoint<Value> | undefined;
  pushNumber: number;
}

/** The series of one metric. */
class Stream {
  readonly series = new Map<string, Series>();
  /** The end of the last push that was committed: series that were not in it began later. */
  committedUntil: DataPoint<Value>["endTime"] | undefined;
  /** What stood where in the last push: a source returns the same objects in the same order. */
  readonly #places: { attributes: DataPoint<Value>["attributes"]; series: Series }[] = [];

  /** The series of the attributes, whatever their order; made if there is none yet. */
  of(attributes: DataPoint<Value>["attributes"], index: number, pushNumber: number): Series {
    const place = this.#places[index];
    if (place?.attributes === attributes) return place.series;
    const sorted = Object.entries(attributes).toSorted(([a], [b]) => a < b ? -1 : 1);
    const key = JSON.stringify(sorted, markNumber);
    let series = this.series.get(key);
    if (series === undefined) this.series.set(key, series = { committed: undefined, pushNumber });
    this.#places[index] = { attributes, series };
    return series;
  }

  /** Forgets series that were not committed since a push. */
  forget(lastPushNumber: number): void {
    for (const [key, { pushNumber }] of this.series) {
      if (pushNumber <= lastPushNumber) this.series.delete(key);
    }
    this.#places.length = 0;
  }
}

/**
 * Makes deltas of cumulative metrics: what has come since the last commit.
 *
 * - **Sums** of deltas that were committed are the cumulative value, whatever failed in between.
 * - **Resets**: where a source starts over, its whole new value is the delta.
 * - **Times**: the deltas of a series follow each other and never overlap. A new series begins when
 *   the push before it ended, at the earliest.
 * - **Unchanged** series are left out once they are known.
 * - **Histograms** have neither `min` nor `max`: those of a delta are not known.
 */
export class DeltaMetrics {
  readonly #isDelta: (metric: MetricData) => boolean;
  readonly #createdAt = toHrTime(wallMs());
  readonly #streams = new Map<string, Stream>();
  #pushNumber = 0;

  /** Which metrics become deltas; only monotonic sums and histograms can. */
  constructor(isDelta: (metric: MetricData) => boolean) {
    this.#isDelta = isDelta;
  }

  /** Changes nothing by itself: what the deltas begin at moves with their commit. */
  *convert(collected: ResourceMetrics): Steps<Deltas> {
    const current: Current[] = [];
    const occurrences = new Map<string, number>();
    let pointCount = 0;
    const scopeMetrics: ScopeMetrics[] = [];
    for (const { scope, metrics } of collected.scopeMetrics) {
      const converted: MetricData[] = [];
      for (const metric of metrics) {
        let data = metric;
        if (this.#canConvert(metric)) {
          const stream = this.#streamOf(scope, metric, occurrences);
          const since = { committedUntil: stream.committedUntil, createdAt: this.#createdAt };
          const points = metric.dataPoints as DataPoint<Value>[];
          const series: Series[] = [];
          const dataPoints: DataPoint<Value>[] = [];
          for (const [index, point] of points.entries()) {
            const one = stream.of(point.attributes, index, this.#pushNumber);
            series.push(one);
            const delta = deltaOf(point, one.committed, since);
            if (delta !== undefined) dataPoints.push(delta);
            if (index % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
          }
          current.push({ stream, series, points });
          data = {
            ...metric,
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPoints,
          } as MetricData;
        }
        if (data.dataPoints.length === 0) continue;
        pointCount += data.dataPoints.length;
        converted.push(data);
      }
      if (converted.length > 0) scopeMetrics.push({ scope, metrics: converted });
    }
    return {
      metrics: { resource: collected.resource, scopeMetrics },
      pointCount,
      commit: () => this.#commit(current),
    };
  }

  #canConvert(metric: MetricData): boolean {
    if (metric.aggregationTemporality === AggregationTemporality.DELTA) return false;
    const { dataPointType } = metric;
    return (dataPointType === DataPointType.HISTOGRAM ||
      (dataPointType === DataPointType.SUM && metric.isMonotonic)) && this.#isDelta(metric);
  }

  #streamOf(
    scope: ScopeMetrics["scope"],
    { descriptor, dataPointType }: MetricData,
    occurrences: Map<string, number>,
  ): Stream {
    const { name, unit, type } = descriptor as MetricData["descriptor"] & { type?: unknown };
    const plain = JSON.stringify([scope.name, scope.version, name, unit, type, dataPointType]);
    // Two sources may have a metric of this name: each is a stream of its own. Those of the SDK are
    // distinguished by the instrument's type, which a producer does not have.
    const occurrence = occurrences.get(plain) ?? 0;
    occurrences.set(plain, occurrence + 1);
    const key = `${occurrence}${plain}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) this.#streams.set(key, stream = new Stream());
    return stream;
  }

  #commit(current: readonly Current[]): void {
    const pushNumber = ++this.#pushNumber;
    for (const { stream, series, points } of current) {
      points.forEach((point, index) => {
        const one = series[index] as Series;
        one.committed = point;
        one.pushNumber = pushNumber;
        if (stream.committedUntil === undefined || isAfter(point.endTime, stream.committedUntil)) {
          stream.committedUntil = point.endTime;
        }
      });
    }
    if (pushNumber % FORGET_AFTER_PUSHES === 0) this.#forget(pushNumber - FORGET_AFTER_PUSHES);
  }

  #forget(lastPushNumber: number): void {
    for (const [key, stream] of this.#streams) {
      stream.forget(lastPushNumber);
      if (stream.series.size === 0) this.#streams.delete(key);
    }
  }
}

/** The points of one metric that wait for their commit, and their series. */
interface Current {
  readonly stream: Stream;
  readonly series: readonly Series[];
  readonly points: readonly DataPoint<Value>[];
}

/** JSON writes NaN and the infinities as null. */
function markNumber(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { number: `${value}` } : value;
}
