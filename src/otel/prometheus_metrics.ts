import type { Meter } from "../subscribers/otel_api.ts";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { MetricProducer } from "./metric_producer.ts";
import { nameWithUnit, unitSuffix } from "./prometheus_name.ts";

/** The options of {@linkcode PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** The resource's `service.name`. Default: `"unknown_service"`. */
  readonly serviceName?: string;
  /** The resource's `service.instance.id`. Default: a random UUID. */
  readonly serviceInstanceId?: string;
  /** The name of the instrumentation scope. Default: `"busbar"`. */
  readonly scopeName?: string;
  /** What else is collected, see `createMetricProducer`. Default: nothing. */
  readonly metricProducers?: readonly MetricProducer[];
}

/**
 * An OpenTelemetry meter whose metrics are pulled as Prometheus text. Nothing is registered
 * globally, and no server is started: `serveMetrics` of `@busbar/busbar/http` does that.
 */
export class PrometheusMetrics implements AsyncDisposable {
  /** Where instruments are created. */
  readonly meter: Meter;
  readonly #provider: MeterProvider;
  readonly #reader: PrometheusExporter;
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

  /** Sets up a provider, a reader and a meter. */
  constructor(options: PrometheusMetricsOptions = {}) {
    const {
      serviceName = "unknown_service",
      serviceInstanceId = crypto.randomUUID(),
      scopeName = "busbar",
      metricProducers = [],
    } = options;
    this.#reader = new PrometheusExporter({
      preventServerStart: true,
      metricProducers: [...metricProducers],
    });
    this.#provider = new MeterProvider({
      resource: resourceFromAttributes({
        "service.name": serviceName,
        "service.instance.id": serviceInstanceId,
      }),
      readers: [this.#reader],
    });
    this.meter = this.#provider.getMeter(scopeName);
  }

  /**
   * Collects all metrics and writes them in the Prometheus text format 0.0.4.
   *
   * @throws {AggregateError} if an instrument could not be collected: a scrape that lacks
   * something must not look like a good one
   */
  async scrape(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, "Cannot collect metrics");
    const text = this.#serializer.serialize(withUnitsInNames(resourceMetrics));
    return text.endsWith("\n") ? text : `${text}\n`;
  }

  /** Shuts the provider down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.shutdown();
  }
}

/** The exporter's serializer does not append units to names, as OpenTelemetry's rules ask for. */
function withUnitsInNames(resourceMetrics: ResourceMetrics): ResourceMetrics {
  return {
    resource: resourceMetrics.resource,
    scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => ({
        ...metric,
        descriptor: {
          ...metric.descriptor,
          name: nameWithUnit(metric.descriptor.name, metric.descriptor.unit),
          unit: unitSuffix(metric.descriptor.unit),
        },
      })),
    })),
  };
}
