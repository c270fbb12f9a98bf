import { wallMs } from "../../internal/clocks.ts";
import { ValueType } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from "@opentelemetry/sdk-metrics";
import { emptyResource } from "@opentelemetry/resources";
import { assertFunction } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { inSlices, type Steps } from "../../internal/slices.ts";
import { DEFAULT_SCOPE_NAME } from "../defaults.ts";
import type { MetricProducer } from "../sdk_types.ts";
import { toHrTime } from "../../subscribers/hr_time.ts";
import type {
  CollectedMetric,
  Exemplar,
  HistogramPoint,
} from "../../subscribers/metrics/series.ts";

const ACTION = "create a metric producer";
/** How many points are converted between two looks at the clock. */
const POINTS_PER_STEP = 64;

/** A data point with exemplars, which the SDK's data points lack. */
interface WithExemplars {
  /** The newest exemplar of each bucket that has one. */
  readonly exemplars?: readonly Exemplar[];
}

/** The options of {@linkcode createMetricProducer}. */
export interface MetricProducerOptions {
  /**
   * Returns the current metrics, or a promise of them; usually a `MetricsSubscriber`'s
   * `collectInSlices`. If it fails, so does the collection that it is part of.
   */
  readonly collect: () => readonly CollectedMetric[] | Promise<readonly CollectedMetric[]>;
  /** The name of the instrumentation scope. Default: `"busbar"`. */
  readonly scopeName?: string | undefined;
}

/**
 * Passes metrics that were aggregated outside the OpenTelemetry SDK to its readers, including
 * histograms that are already aggregated, which cannot be recorded through an instrument of the
 * SDK. It works in slices of a few milliseconds, however many series there are. Histograms keep their exemplars: `PrometheusMetrics` shows them in OpenMetrics. The SDK's
 * model has no place for them, so what is pushed as OTLP has none.
 *
 * Sums are always cumulative, because several readers may share a producer. For a reader that
 * pushes, `DeltaMetricExporter` converts them to deltas.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
 * import { MetricsSubscriber } from "@busbar/busbar/subscribers";
 *
 * interface ShopEvents {
 *   "order": undefined;
 * }
 * const { catalog, counter } = declare<ShopEvents>();
 * const { metrics = {} } = catalog({
 *   metrics: { "shop.orders": counter("order") },
 * });
 * const subscriber = new MetricsSubscriber({ metrics });
 * const producer = createMetricProducer({ collect: () => subscriber.collectInSlices() });
 * await using prometheus = new PrometheusMetrics({ metricProducers: [producer] });
 *
 * await using bus = new EventBus<ShopEvents>().start();
 * bus.registerSubscriber(subscriber);
 * bus.publish("order");
 * await bus.flush();
 * const scrape = await prometheus.scrape();
 * if (!scrape.includes("shop_orders_total 1")) throw new Error(scrape);
 * ```
 *
 * @throws {TypeError} if an option is unknown, or `collect` is not a function
 */
export function createMetricProducer(options: MetricProducerOptions): MetricProducer {
  assertKnownNames(ACTION, "option", options, ["collect", "scopeName"]);
  const { collect, scopeName = DEFAULT_SCOPE_NAME } = options;
  assertFunction(ACTION, "collect", collect);
  return {
    collect: async () => {
      const collected = await collect();
      const endTime = toHrTime(wallMs());
      const metrics = await inSlices(toMetricData(collected, { endTime }));
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: metrics.length === 0 ? [] : [{ scope: { name: scopeName }, metrics }],
        },
        errors: [],
      };
    },
  };
}

/**
 * Metrics as the SDK has them.
 *
 * @param isDelta which of them are deltas. Default: none
 */
export function* toMetricData(
  collected: readonly CollectedMetric[],
  { endTime, isDelta = () => false }: {
    readonly endTime: [number, number];
    readonly isDelta?: ((metric: CollectedMetric) => boolean) | undefined;
  },
): Steps<MetricData[]> {
  const metrics: MetricData[] = [];
  for (const metric of collected) {
    if (metric.points.length === 0) continue;
    const { name, description, unit, startTimeMs } = metric;
    const times = { startTime: toHrTime(startTimeMs), endTime, isDelta: isDelta(metric) };
    const common = {
      descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: times.isDelta
        ? AggregationTemporality.DELTA
        : AggregationTemporality.CUMULATIVE,
    };
    if (metric.kind === "histogram") {
      const dataPoints = yield* map(metric.points, (point) => toHistogramPoint(point, times));
      metrics.push({ ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints });
      continue;
    }
    const dataPoints = yield* map(
      metric.points,
      ({ attributes, value, startTimeMs }): DataPoint<number> => ({
        startTime: startTimeMs === undefined ? times.startTime : toHrTime(startTimeMs),
        endTime,
        attributes,
        value,
      }),
    );
    metrics.push(
      metric.kind === "gauge" ? { ...common, dataPointType: DataPointType.GAUGE, dataPoints } : {
        ...common,
        dataPointType: DataPointType.SUM,
        isMonotonic: metric.kind === "counter",
        dataPoints,
      },
    );
  }
  return metrics;
}

function* map<From, To>(from: readonly From[], convert: (value: From) => To): Steps<To[]> {
  const to: To[] = [];
  for (let i = 0; i < from.length; i++) {
    to.push(convert(from[i] as From));
    if (i % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
  }
  return to;
}

function toHistogramPoint(
  { attributes, count, sum, min, max, bounds, bucketCounts, exemplars, startTimeMs }:
    HistogramPoint,
  { startTime, endTime, isDelta }: Pick<DataPoint<unknown>, "startTime" | "endTime"> & {
    readonly isDelta: boolean;
  },
): DataPoint<Histogram> & WithExemplars {
  // Those of a delta are not known.
  const hasExtremes = !isDelta && min !== undefined && max !== undefined;
  return {
    startTime: startTimeMs === undefined ? startTime : toHrTime(startTimeMs),
    endTime,
    attributes,
    value: {
      // Not copied again: nobody changes what was collected.
      buckets: { boundaries: bounds as number[], counts: bucketCounts as number[] },
      count,
      sum,
      ...(hasExtremes ? { min, max } : {}),
    },
    exemplars,
  };
}
