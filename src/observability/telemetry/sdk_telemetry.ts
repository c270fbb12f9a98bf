import { logs, metrics, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import type { Attributes } from "../../subscribers/otel_api.ts";
import { LogBatchProcessor, SpanBatchProcessor } from "../../otel/otlp/batch_processors.ts";
import { CountingMetricExporter } from "../../otel/metrics/counting_metric_exporter.ts";
import { DeltaMetricExporter } from "../../otel/delta/delta_metric_exporter.ts";
import {
  createOtlpLogExporter,
  createOtlpMetricExporter,
  createOtlpSpanExporter,
} from "../../otel/otlp/otlp_exporters.ts";
import type { PushMetricExporter } from "../../otel/sdk_types.ts";
import { BusTracer } from "../../otel/tracing/bus_tracer.ts";
import { createMetricProducer } from "../../otel/metrics/metric_producer.ts";
import { PrometheusMetrics } from "../../otel/prometheus/prometheus_metrics.ts";
import type { Logger } from "../../internal/logger.ts";
import type { OtlpTarget } from "../../otel/otlp/otlp_target.ts";
import type { AttributeLimitsConfig, OtlpMetricsTarget } from "../config/config.ts";
import { createSampler } from "./sampler.ts";
import {
  SCOPE_NAME,
  type Telemetry,
  type TelemetryOptions,
  type TelemetryStep,
} from "./telemetry.ts";

/** An OpenTelemetry SDK of our own: pulled, pushed, or both. */
export function createSdkTelemetry({ config, collect, logger }: TelemetryOptions): Telemetry {
  const { serviceName, serviceInstanceId, otlp } = config;
  const resourceAttributes = config.resourceAttributes as Attributes;
  const resource = resourceFromAttributes({
    ...resourceAttributes,
    "service.name": serviceName,
    "service.instance.id": serviceInstanceId,
  });

  const producer = createMetricProducer({ collect, scopeName: SCOPE_NAME });
  const metricExporter = config.metricsEnabled && otlp.metrics
    ? createOtlpMetricExporter(within(otlp.metrics, config.metricExportTimeoutMs))
    : undefined;
  const pushedMetrics = metricExporter && new CountingMetricExporter(metricExporter, { logger });
  const metricsProvider = new PrometheusMetrics({
    serviceName,
    serviceInstanceId,
    resourceAttributes,
    scopeName: SCOPE_NAME,
    metricProducers: [producer],
    logger,
    readers: pushedMetrics === undefined ? [] : [
      new PeriodicExportingMetricReader({
        exporter: withTemporality(pushedMetrics, otlp.metrics, logger),
        exportIntervalMillis: config.metricExportIntervalMs,
        exportTimeoutMillis: config.metricExportTimeoutMs,
        metricProducers: [producer],
      }),
    ],
  });

  const spanExporter = config.tracingEnabled && otlp.traces
    ? createOtlpSpanExporter(within(otlp.traces, config.spanBatch.exportTimeoutMs))
    : undefined;
  const spanProcessor = spanExporter && new SpanBatchProcessor(spanExporter, {
    ...config.spanBatch,
    // A drain ends spans in bursts as long as the bus's queue: none of them may be lost here.
    maxQueueSize: Math.max(config.spanBatch.maxQueueSize, config.bus.maxQueueSize),
    logger,
  });
  const sampler = createSampler(config.sampler);
  const spanLimits = given(config.spanLimits);
  // For the spans of other code, once it is registered globally.
  const tracerProvider = spanProcessor &&
    new TracerProvider({ resource, sampler, spanProcessors: [spanProcessor], spanLimits });

  const logExporter = config.loggingEnabled && otlp.logs
    ? createOtlpLogExporter(within(otlp.logs, config.logBatch.exportTimeoutMs))
    : undefined;
  const logProcessor = logExporter && new LogBatchProcessor(logExporter, {
    ...config.logBatch,
    maxQueueSize: Math.max(config.logBatch.maxQueueSize, config.bus.maxQueueSize),
    logger,
  });
  const loggerProvider = logProcessor &&
    new LoggerProvider({
      resource,
      processors: [logProcessor],
      logRecordLimits: given(config.logRecordLimits),
    });

  const step = (name: string, run: (() => Promise<void>) | undefined): TelemetryStep[] =>
    run === undefined ? [] : [{ name, run }];
  return {
    meter: metricsProvider.meter,
    recordsThroughMeter: false,
    tracer: spanProcessor &&
      new BusTracer({
        processor: spanProcessor,
        scopeName: SCOPE_NAME,
        resourceAttributes: resource.attributes as Attributes,
        sampler,
        limits: spanLimits,
      }),
    deferAttributes: false,
    logger: loggerProvider?.getLogger(SCOPE_NAME),
    scrape: (format) => metricsProvider.scrape(format),
    exportCounts: () => ({
      ...(spanProcessor && { traces: spanProcessor.counts }),
      ...(logProcessor && { logs: logProcessor.counts }),
      ...(pushedMetrics && { metrics: pushedMetrics.counts }),
    }),
    registerGlobally: () =>
      registerAll([
        ["meter", () =>
          metrics.setGlobalMeterProvider(metricsProvider.provider), () =>
          metrics.disable()],
        ...(tracerProvider === undefined ? [] : [
          ["tracer", () =>
            trace.setGlobalTracerProvider(tracerProvider), () =>
            trace.disable()] as const,
        ]),
        ...(loggerProvider === undefined ? [] : [
          ["logger", () =>
            logs.setGlobalLoggerProvider(loggerProvider), () =>
            logs.disable()] as const,
        ]),
      ]),
    flushSteps: [
      ...step("flush spans", spanProcessor && (() => spanProcessor.forceFlush())),
      ...step("flush log records", logProcessor && (() => logProcessor.forceFlush())),
      ...step(
        "flush metrics",
        pushedMetrics && (() => metricsProvider.flush({ timeoutMs: Infinity })),
      ),
    ],
    shutdownSteps: [
      ...step("shut spans down", tracerProvider && (() => tracerProvider.shutdown())),
      ...step("shut log records down", loggerProvider && (() => loggerProvider.shutdown())),
      ...step("shut metrics down", () => metricsProvider.shutdown({ timeoutMs: Infinity })),
    ],
    abort: () => {
      for (const exporter of [spanExporter, logExporter, metricExporter]) void exporter?.shutdown();
    },
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

/** The limits without those that are none. */
function given<Limits extends AttributeLimitsConfig>(
  { attributeValueLengthLimit, ...limits }: Limits,
): Omit<Limits, "attributeValueLengthLimit"> & { attributeValueLengthLimit?: number } {
  return attributeValueLengthLimit === undefined
    ? limits
    : { ...limits, attributeValueLengthLimit };
}

/** A request that nobody waits for any more would go on beside the next one. */
function within(target: OtlpTarget, timeoutMs: number): OtlpTarget {
  return { ...target, timeoutMs: Math.min(target.timeoutMs, timeoutMs) };
}

type GlobalProvider = readonly [what: string, set: () => unknown, unset: () => void];

/** Registers all of them or none. */
function registerAll(providers: readonly GlobalProvider[]): Disposable {
  const unset: (() => void)[] = [];
  const undo = { [Symbol.dispose]: () => unset.splice(0).forEach((undoOne) => undoOne()) };
  for (const [what, set, unsetOne] of providers) {
    // The API says `false`, and keeps the first, when there is one already.
    if (set() === false) {
      undo[Symbol.dispose]();
      throw new Error(
        `Cannot start observability: OpenTelemetry's global ${what} provider is registered ` +
          "already, by an earlier startObservability that was not shut down or by other code; " +
          "leave registerGlobally out, or shut the other one down first",
      );
    }
    unset.push(unsetOne);
  }
  return undo;
}
