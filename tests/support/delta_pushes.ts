/**
 * Metrics that a {@linkcode DeltaMetricExporter} pushes to a receiver of the test.
 *
 * @module
 */
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import {
  createMetricProducer,
  DeltaMetricExporter,
  type PushMetricExporter,
  type ResourceMetrics,
  type TemporalityPreference,
} from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { point, sum } from "./metric_data.ts";

/** What becomes of a push. */
export type How = "accepted" | "refused" | "thrown";

/** A receiver that accepts what it is asked to accept. */
export class Receiver implements PushMetricExporter {
  how: How = "accepted";
  readonly accepted: MetricData[] = [];
  readonly refused: MetricData[] = [];

  export(...[metrics, callback]: Parameters<PushMetricExporter["export"]>): void {
    if (this.how === "thrown") throw new Error("thrown");
    const all = metrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    if (this.how === "accepted") this.accepted.push(...all);
    else this.refused.push(...all);
    callback(this.how === "accepted" ? { code: 0 } : { code: 1, error: new Error("refused") });
  }
  forceFlush = () => Promise.resolve();
  shutdown = () => Promise.resolve();

  /** All points that were accepted of a metric, by attributes. */
  series(name: string): Map<string, DataPoint<number | Histogram>[]> {
    const series = new Map<string, DataPoint<number | Histogram>[]>();
    for (const { descriptor, dataPoints } of this.accepted) {
      if (descriptor.name !== name) continue;
      for (const point of dataPoints as DataPoint<number | Histogram>[]) {
        const key = JSON.stringify(point.attributes);
        series.set(key, [...series.get(key) ?? [], point]);
      }
    }
    return series;
  }
}

interface ShopEvents {
  order: { shop: string; total: number };
}
const { catalog, counter, histogram } = declare<ShopEvents>();
const { metrics = {} } = catalog({
  metrics: {
    "orders": counter("order", {
      unit: "orders",
      attributes: ({ metadata: { shop } }) => ({ shop }),
      maxAttributeSets: 3, // the overflow series is one of them
    }),
    "totals": histogram("order", { value: ({ metadata }) => metadata.total, buckets: [10, 100] }),
  },
});

/** The SDK's instruments and the pre-aggregated ones, pushed by hand. */
export function pushing(temporalityPreference: TemporalityPreference | undefined) {
  const receiver = new Receiver();
  const logger = new MemoryLogger();
  const exporter = new DeltaMetricExporter(receiver, { temporalityPreference, logger });
  const subscriber = new MetricsSubscriber<ShopEvents>({ metrics, logger });
  const bus = new EventBus<ShopEvents>({ logger }).start();
  bus.registerSubscriber(subscriber);
  const provider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        metricProducers: [createMetricProducer({ collect: () => subscriber.collect() })],
      }),
    ],
  });
  const meter = provider.getMeter("test");
  return {
    receiver,
    logger,
    bus,
    meter,
    provider,
    async push(how: How): Promise<void> {
      await bus.flush();
      receiver.how = how;
      await provider.forceFlush();
    },
    async [Symbol.asyncDispose]() {
      await provider.shutdown();
      await bus.stop();
    },
  };
}

/** The sum of the values of a series. */
export const total = (points: readonly DataPoint<number | Histogram>[] = []) =>
  points.reduce((sum, { value }) => sum + (value as number), 0);

/** Pushes metrics that are made by hand, to have their times in it. */
export async function convert(pushes: (MetricData | "refused")[][]) {
  const receiver = new Receiver();
  const exporter = new DeltaMetricExporter(receiver, { logger: new MemoryLogger() });
  const resource = resourceFromAttributes({});
  for (const metrics of pushes) {
    receiver.how = metrics.includes("refused") ? "refused" : "accepted";
    await push(exporter, {
      resource,
      scopeMetrics: [{
        scope: { name: "test" },
        metrics: metrics.filter((metric) => metric !== "refused"),
      }],
    });
  }
  return receiver.accepted.flatMap(({ dataPoints }) =>
    (dataPoints as DataPoint<number | Histogram>[]).map((
      { attributes, startTime, endTime, value },
    ) => [
      ...Object.values(attributes),
      startTime[0],
      endTime[0],
      typeof value === "number" ? value : [...value.buckets.counts],
    ])
  );
}

/** Pushes once; resolves to what the exporter says of it. */
export function push(exporter: PushMetricExporter, metrics: ResourceMetrics) {
  return new Promise<{ code: number }>((resolve) => exporter.export(metrics, resolve));
}

/** A counter `orders`, by shop, whose times are in seconds. */
export const orders = (...points: [shop: string, start: number, end: number, value: number][]) =>
  sum(
    { name: "orders" },
    points.map(([shop, start, end, value]) => ({
      ...point(value, { shop }),
      startTime: [start, 0],
      endTime: [end, 0],
    })),
  );
