/** What `memory.ts` makes series with. @module */
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import client from "prom-client";
import { EventBus } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { createMetricProducer, PrometheusMetrics } from "../src/otel/mod.ts";
import { MetricsSubscriber } from "../src/subscribers/mod.ts";

/** How many series are made. */
export const SERIES = 50_000;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Read {
  readonly model: string;
  readonly tenant: string;
}

/** Texts of their own, as those that events bring. */
function* reads(): Generator<Read> {
  for (let i = 0; i < SERIES; i++) {
    yield JSON.parse(`{"model":"model-${i % 4}","tenant":"tenant-${i}"}`);
  }
}

/** Makes the series and returns what keeps them. */
export type MakeSeries = () => unknown;

const { counter, histogram } = declare<{ "cache.read": Read }>();
const maxAttributeSets = SERIES + 1;
const names = ({ metadata: { model, tenant } }: { metadata: Read }) => ({
  model,
  tenant,
});
const tenantFirst = ({ metadata: { model, tenant } }: { metadata: Read }) => ({
  tenant,
  model,
});

function busbar(
  metric: ReturnType<typeof counter>,
): MetricsSubscriber<{ "cache.read": Read }> {
  const subscriber = new MetricsSubscriber<{ "cache.read": Read }>({
    metrics: { reads: metric },
  });
  const bus = new EventBus<{ "cache.read": Read }>();
  bus.registerSubscriber(subscriber);
  for (const read of reads()) {
    bus.publish("cache.read", read);
    if (bus.queueDepth === 1_000) bus.flushSync({ timeoutMs: 60_000 });
  }
  bus.flushSync({ timeoutMs: 60_000 });
  const [collected] = subscriber.collect();
  if (collected?.points.length !== SERIES) {
    throw new Error(`${collected?.points.length} series`);
  }
  return subscriber;
}

async function scraped(metric: ReturnType<typeof counter>): Promise<unknown> {
  const subscriber = busbar(metric);
  const producer = createMetricProducer({
    collect: () => subscriber.collectInSlices(),
  });
  const metrics = new PrometheusMetrics({ metricProducers: [producer] });
  const lines = (await metrics.scrape()).split("\n").length;
  if (lines < SERIES) throw new Error(`${lines} lines`);
  return [subscriber, metrics];
}

function sdk(kind: "counter" | "histogram"): unknown {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const views = [{
    instrumentName: "*",
    aggregationCardinalityLimit: maxAttributeSets,
  }];
  const meter = new MeterProvider({ readers: [reader], views }).getMeter(
    "bench",
  );
  const counter = meter.createCounter("reads");
  const histogram = meter.createHistogram("latency", {
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  for (const { model, tenant } of reads()) {
    if (kind === "counter") counter.add(1, { model, tenant });
    else histogram.record(3, { model, tenant });
  }
  return [meter, counter, histogram];
}

function promClient(kind: "counter" | "histogram"): unknown {
  const registers = [new client.Registry()];
  const options = {
    name: "reads",
    help: "Reads",
    labelNames: ["model", "tenant"],
    registers,
  };
  if (kind === "counter") {
    const counter = new client.Counter(options);
    for (const { model, tenant } of reads()) counter.inc({ model, tenant });
    return counter;
  }
  const histogram = new client.Histogram({ ...options, buckets: BUCKETS });
  for (const { model, tenant } of reads()) {
    histogram.observe({ model, tenant }, 3);
  }
  return histogram;
}

/** By name: how, and how many bytes a series may take; shown only where nothing is said. */
export const KINDS: Readonly<
  Record<string, readonly [make: MakeSeries, mostBytes?: number]>
> = {
  "counter": [
    () => busbar(counter("cache.read", { attributes: names, maxAttributeSets })),
    400,
  ],
  "counter, names the other way round": [
    () =>
      busbar(
        counter("cache.read", { attributes: tenantFirst, maxAttributeSets }),
      ),
    400,
  ],
  "counter, scraped": [
    () => scraped(counter("cache.read", { attributes: names, maxAttributeSets })),
  ],
  "OpenTelemetry's counter": [() => sdk("counter")],
  "prom-client's counter": [() => promClient("counter")],
  "histogram of 12 buckets": [() =>
    busbar(histogram("cache.read", {
      value: () => 3,
      attributes: names,
      maxAttributeSets,
      buckets: BUCKETS,
    }))],
  "OpenTelemetry's histogram": [() => sdk("histogram")],
  "prom-client's histogram": [() => promClient("histogram")],
};
