import { metrics } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import { DeltaMetricExporter } from "../../otel/delta/delta_metric_exporter.ts";
import { DELTA_SOURCE, type DeltaSource } from "../../otel/delta/delta_source.ts";
import { CountingMetricExporter } from "../../otel/metrics/counting_metric_exporter.ts";
import { createMetricProducer } from "../../otel/metrics/metric_producer.ts";
import { createOtlpMetricExporter } from "../../otel/otlp/otlp_exporters.ts";
import { SEND_GATE, type SendGate } from "../../otel/otlp/send_gate.ts";
import { INSTANCE_ID } from "../../otel/prometheus/lazy_resource.ts";
import { PrometheusMetrics } from "../../otel/prometheus/prometheus_metrics.ts";
import type { ScrapeFormat } from "../../otel/prometheus/scrape_format.ts";
import type { MetricProducer, PushMetricExporter } from "../../otel/sdk_types.ts";
import type { Attributes, Meter } from "../../subscribers/otel_api.ts";
import type { OtlpMetricsTarget } from "../config/config.ts";
import { capTimeout, type Signal } from "./signal.ts";
import type { TelemetryOptions } from "./telemetry.ts";
import { WithoutProcess } from "./without_process.ts";

/** Metrics: pulled by Prometheus, pushed over OTLP, written to the console. */
export interface MetricsSignal extends Signal {
  readonly meter: Meter;
  readonly scrape: (format: ScrapeFormat) => Promise<string>;
  /** How often callbacks failed, by the metric that was left out of a scrape. */
  readonly failedCallbacks: () => Readonly<Record<string, number>>;
}

/** Sets the metrics up. */
export function createMetricsSignal(
  options: TelemetryOptions,
  resourceAttributes: Attributes,
): MetricsSignal {
  const { config, collect, pushes = () => true, sharedDeltas, instanceId, logger } = options;
  const { serviceName, serviceInstanceId, otlp, metricExportTimeoutMs } = config;
  const producer = createMetricProducer({ collect, scopeName: DEFAULT_SCOPE_NAME });
  const target = config.metricsEnabled ? otlp.metrics : undefined;
  const exporter = target &&
    createOtlpMetricExporter(capTimeout(target, metricExportTimeoutMs), {
      ...{ [SEND_GATE]: sharedDeltas && gateOf(sharedDeltas) },
      logger,
      maxExportBatchSize: target.maxExportBatchSize,
    });
  const pushed = exporter && new CountingMetricExporter(exporter, { logger });
  const pushedProducer = createMetricProducer({
    collect: async () => await pushes() ? await collect() : [],
    scopeName: DEFAULT_SCOPE_NAME,
  });
  const readerOf = (exporter: PushMetricExporter, producer: MetricProducer) =>
    new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: config.metricExportIntervalMs,
      exportTimeoutMillis: metricExportTimeoutMs,
      metricProducers: [producer],
    });
  const readers: PeriodicExportingMetricReader[] = [];
  if (pushed !== undefined) {
    const producer = sharedDeltas ? unlessShared(sharedDeltas, pushedProducer) : pushedProducer;
    readers.push(readerOf(withTemporality(pushed, target, options), producer));
  }
  if (config.metricsEnabled && config.console.metrics) {
    readers.push(readerOf(new ConsoleMetricExporter(), pushedProducer));
  }
  const pulled = new PrometheusMetrics({
    ...{ [INSTANCE_ID]: instanceId },
    serviceName,
    serviceInstanceId,
    resourceAttributes,
    scopeName: DEFAULT_SCOPE_NAME,
    scopeLabels: config.prometheus.scopeLabels,
    metricProducers: [producer],
    collectTimeoutMs: config.collectTimeoutMs,
    logger,
    readers,
  });
  return {
    meter: pulled.meter,
    scrape: (format) => pulled.scrape(format),
    failedCallbacks: () => pulled.failedCallbacksByMetric,
    exportStats: pushed && (() => {
      const stats = pushed.stats();
      return { ...stats, failed: stats.failed + (sharedDeltas?.()?.inDoubt ?? 0) };
    }),
    globalProvider: {
      name: "meter",
      key: "metrics",
      set: () => metrics.setGlobalMeterProvider(pulled.provider),
      unset: () => metrics.disable(),
    },
    flush: readers.length === 0
      ? undefined
      : ((remainingMs) => pulled.flush({ timeoutMs: remainingMs })),
    shutdown: (remainingMs) => pulled.shutdown({ timeoutMs: remainingMs }),
    abort: () => void exporter?.shutdown(),
  };
}

/** Deltas are made in front of what counts: it counts what goes out. */
function withTemporality(
  counting: CountingMetricExporter,
  target: OtlpMetricsTarget | undefined,
  { sharedDeltas, isPusher, logger }: TelemetryOptions,
): PushMetricExporter {
  const exporter = isPusher === undefined ? counting : new WithoutProcess(counting, isPusher);
  const { temporalityPreference = "cumulative" } = target ?? {};
  if (temporalityPreference === "cumulative") return exporter;
  return new DeltaMetricExporter(exporter, {
    ...{ [DELTA_SOURCE]: sharedDeltas && sourceOf(sharedDeltas) },
    temporalityPreference,
    logger,
  });
}

/** The exporter has its own way to what is shared, and is asked only where there is some scope. */
function unlessShared(
  shared: NonNullable<TelemetryOptions["sharedDeltas"]>,
  producer: MetricProducer,
): MetricProducer {
  const scopeMetrics = [{ scope: { name: DEFAULT_SCOPE_NAME }, metrics: [] }];
  const nothing = { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
  return {
    collect: (options) =>
      shared() === undefined ? producer.collect(options) : Promise.resolve(nothing),
  };
}

/** What is shared is known only later. */
function sourceOf(shared: NonNullable<TelemetryOptions["sharedDeltas"]>): DeltaSource {
  return {
    take: async () => await shared()?.take(),
    get hasHeirs() {
      return shared()?.hasHeirs ?? false;
    },
  };
}

function gateOf(shared: NonNullable<TelemetryOptions["sharedDeltas"]>): SendGate {
  return {
    open: () => shared()?.open(),
    close: (isAccepted) => shared()?.close(isAccepted),
  };
}
