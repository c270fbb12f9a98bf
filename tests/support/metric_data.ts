import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
} from "@opentelemetry/sdk-metrics";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Attributes } from "@busbar/busbar/subscribers";
import {
  type Exemplar,
  type MetricProducer,
  PrometheusMetrics,
  type PrometheusMetricsOptions,
} from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

/** One series of a {@linkcode MetricData}. */
export function point<Value>(
  value: Value,
  attributes: Attributes = {},
  exemplars?: readonly Exemplar[],
): DataPoint<Value> {
  const data: DataPoint<Value> = { startTime: [0, 0], endTime: [1, 0], attributes, value };
  return exemplars === undefined ? data : Object.assign(data, { exemplars });
}

interface Described {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
}

function base({ name, unit = "", description = "" }: Described) {
  return {
    descriptor: { name, unit, description, valueType: 1 },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  } as const;
}

/** A counter, or an up-down counter if it is not monotonic. */
export function sum(
  described: Described,
  dataPoints: DataPoint<number>[],
  isMonotonic = true,
): MetricData {
  return { ...base(described), dataPointType: DataPointType.SUM, isMonotonic, dataPoints };
}

/** A gauge. */
export function gauge(described: Described, dataPoints: DataPoint<number>[]): MetricData {
  return { ...base(described), dataPointType: DataPointType.GAUGE, dataPoints };
}

/** A histogram. */
export function histogram(described: Described, dataPoints: DataPoint<Histogram>[]): MetricData {
  return { ...base(described), dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

/** An exponential histogram. */
export function exponential(
  described: Described,
  dataPoints: DataPoint<ExponentialHistogram>[],
): MetricData {
  return { ...base(described), dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints };
}

/** What a histogram of these buckets holds. */
export function buckets(boundaries: number[], counts: number[], total?: number): Histogram {
  const count = counts.reduce((a, b) => a + b, 0);
  const value = { buckets: { boundaries, counts }, count };
  return total === undefined ? value : { ...value, sum: total };
}

/** A source that always hands over the same metrics. */
export function producerOf(metrics: MetricData[]): MetricProducer {
  const scopeMetrics = [{ scope: { name: "busbar" }, metrics }];
  const resourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics };
  return { collect: () => Promise.resolve({ resourceMetrics, errors: [] }) };
}

/** Scrapes these metrics in both formats, without what is known of the resource. */
export async function scrapeBoth(
  metrics: MetricData[],
  options: PrometheusMetricsOptions = {},
): Promise<{ prometheus: string; openmetrics: string; warnings: readonly string[] }> {
  const logger = new MemoryLogger();
  await using scraped = new PrometheusMetrics({
    metricProducers: [producerOf(metrics)],
    logger,
    ...options,
  });
  const strip = (text: string) => text.replace(/^(# .*target.*\n)*target_info.*\n/, "");
  const [prometheus, openmetrics] = await Promise.all([
    scraped.scrape(),
    scraped.scrape("openmetrics"),
  ]);
  return { prometheus: strip(prometheus), openmetrics: strip(openmetrics), warnings: logger.lines };
}
