import type { ApiMeterProvider, Attributes, Meter } from "../subscribers/otel_api.ts";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { type Logger, show } from "../bus/options.ts";
import type { Family } from "./prometheus/family.ts";
import { PrometheusText } from "./prometheus_text.ts";
import { SCRAPE_FORMATS, type ScrapeFormat } from "./scrape_format.ts";
import type { MetricProducer, MetricReader } from "./sdk_api.ts";
import { SharedScrape } from "./shared_scrape.ts";

/** The options of {@linkcode PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** The resource's `service.name`. Default: `"unknown_service"`. */
  readonly serviceName?: string;
  /** The resource's `service.instance.id`. Default: a random UUID. */
  readonly serviceInstanceId?: string;
  /** Further attributes of the resource; the two above win. Default: none. */
  readonly resourceAttributes?: Attributes;
  /** Readers beside the scrape, such as one that pushes. Default: none. */
  readonly readers?: readonly MetricReader[];
  /** The name of the instrumentation scope. Default: `"busbar"`. */
  readonly scopeName?: string;
  /**
   * Further sources of metrics, collected with the meter's at each scrape; what one hands over must
   * not change after that. Histogram data points may carry `exemplars` (see `Exemplar`). Default:
   * none.
   */
  readonly metricProducers?: readonly MetricProducer[];
  /** Where metrics that cannot be shown as they are get reported, each once. Default: `console`. */
  readonly logger?: Logger;
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
  readonly #scrapes: SharedScrape<readonly Family[], ScrapeFormat>;

  /** Sets up a provider, a reader and a meter. */
  constructor(options: PrometheusMetricsOptions = {}) {
    const {
      serviceName = "unknown_service",
      serviceInstanceId = crypto.randomUUID(),
      resourceAttributes = {},
      readers = [],
      scopeName = "busbar",
      metricProducers = [],
      logger = console,
    } = options;
    this.#reader = new PrometheusExporter({
      preventServerStart: true,
      metricProducers: [...metricProducers],
    });
    const text = new PrometheusText(logger);
    this.#scrapes = new SharedScrape(
      async () => text.sort(await this.#collect()),
      (families, format) => text.write(families, format),
    );
    this.#provider = new MeterProvider({
      resource: resourceFromAttributes({
        ...resourceAttributes,
        "service.name": serviceName,
        "service.instance.id": serviceInstanceId,
      }),
      readers: [this.#reader, ...readers],
    });
    this.meter = this.#provider.getMeter(scopeName);
  }

  /**
   * Collects all metrics and writes them in a format: families by name, what is known of the
   * resource (`target_info`) first. It works in slices of a few milliseconds, and scrapes that
   * overlap share one collection.
   *
   * @param format Prometheus text 0.0.4 by default, or OpenMetrics 1.0.0, which has exemplars
   * @throws {AggregateError} if an instrument could not be collected: a scrape that lacks
   * something must not look like a good one
   * @throws {TypeError} if there is no such format
   */
  async scrape(format: ScrapeFormat = "prometheus"): Promise<string> {
    if (!SCRAPE_FORMATS.includes(format)) {
      throw new TypeError(
        `Cannot scrape PrometheusMetrics: format must be "prometheus" or "openmetrics", received ${
          show(format)
        }`,
      );
    }
    return await this.#scrapes.scrape(format);
  }

  /** What `metrics.setGlobalMeterProvider` of the OpenTelemetry API takes. */
  get provider(): ApiMeterProvider {
    return this.#provider;
  }

  /** Makes the readers beside the scrape push what there is. */
  async flush(): Promise<void> {
    await this.#provider.forceFlush();
  }

  /** Shuts the provider and its readers down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.shutdown();
  }

  async #collect(): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, "Cannot collect metrics");
    await resourceMetrics.resource.waitForAsyncAttributes?.();
    return resourceMetrics;
  }
}
