import { metrics } from "@opentelemetry/api";
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { Logger } from "../../internal/logger.ts";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import { DeltaMetricExporter } from "../../otel/delta/delta_metric_exporter.ts";
import { CountingMetricExporter } from "../../otel/metrics/counting_metric_exporter.ts";
import { createMetricProducer } from "../../otel/metrics/metric_producer.ts";
import { createOtlpMetricExporter } from "../../otel/otlp/otlp_exporters.ts";
import { INSTANCE_ID } from "../../otel/prometheus/lazy_resource.ts";
import { PrometheusMetrics } from "../../otel/prometheus/prometheus_metrics.ts";
import type { ScrapeFormat } from "../../otel/prometheus/scrape_format.ts";
import type { PushMetricExporter } from "../../otel/sdk_types.ts";
import type { Attributes, Meter } from "../../subscribers/otel_api.ts";
import type { OtlpMetricsTarget } from "../config/config.ts";
import { capTimeout, type Signal } from "./signal.ts";
import type { TelemetryOptions } from "./telemetry.ts";

/** Metrics: pulled by Prometheus, pushed over OTLP, written to the console. */
export interface MetricsSignal extends Signal {
  readonly meter: Meter;
  readonly scrape: (format: ScrapeFormat) => Promise<string>;
  /** How often callbacks failed, by the metric that was left out of a scrape. */
  readonly failedCallbacks: () => Readonly<Record<string, number>>;
}

/** Sets the metrics up. */
export function createMetricsSignal(
  { config, collect, pushes = () => true, instanceId, logger }: TelemetryOptions,
  resourceAttributes: Attributes,
): MetricsSignal {
  const { serviceName, serviceInstanceId, otlp, metricExportTimeoutMs } = config;
  const producer = createMetricProducer({ collect, scopeName: DEFAULT_SCOPE_NAME });
  const pushedProducer = createMetricProducer({
    collect: async () => await pushes() ? await collect() : [],
    scopeName: DEFAULT_SCOPE_NAME,
  });
  const target = config.metricsEnabled ? otlp.metrics : undefined;
  const exporter = target &&
    createOtlpMetricExporter(capTimeout(target, metricExportTimeoutMs), {
      logger,
      maxExportBatchSize: target.maxExportBatchSize,
    });
  const pushed = exporter && new CountingMetricExporter(exporter, { logger });
  const exporters: PushMetricExporter[] = [];
  if (pushed !== undefined) exporters.push(withTemporality(pushed, target, logger));
  if (config.metricsEnabled && config.console.metrics) exporters.push(new ConsoleMetricExporter());
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
    readers: exporters.map((exporter) =>
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: config.metricExportIntervalMs,
        exportTimeoutMillis: metricExportTimeoutMs,
        metricProducers: [pushedProducer],
      })
    ),
  });
  return {
    meter: pulled.meter,
    scrape: (format) => pulled.scrape(format),
    failedCallbacks: () => pulled.failedCallbacksByMetric,
    exportStats: pushed && (() => pushed.stats()),
    globalProvider: {
      name: "meter",
      key: "metrics",
      set: () => metrics.setGlobalMeterProvider(pulled.provider),
      unset: () => metrics.disable(),
    },
    flush: exporters.length === 0
      ? undefined
      : ((remainingMs) => pulled.flush({ timeoutMs: remainingMs })),
    shutdown: (remainingMs) => pulled.shutdown({ timeoutMs: remainingMs }),
    abort: () => void exporter?.shutdown(),
  };
}

/** Deltas are made in front of what counts: it counts what goes out. */
function withTemporality(
  exporter: CountingMetricExporter,
  target: OtlpMetricsTarget | undefined,
  logger: Logger,
): PushMetricExporter {
  const { temporalityPreference = "cumulative" } = target ?? {};
  if (temporalityPreference === "cumulative") return exporter;
  return new DeltaMetricExporter(exporter, { temporalityPreference, logger });
}
