import type { ApiMeterProvider, Attributes, Meter } from "../../subscribers/otel_api.ts";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { Deadline } from "../../internal/deadline.ts";
import type { Logger } from "../../internal/logger.ts";
import { invalidArgument } from "../../internal/arguments.ts";
import type { Family } from "./family.ts";
import { PrometheusSerializer } from "./prometheus_serializer.ts";
import { SCRAPE_FORMATS, type ScrapeFormat } from "./scrape_format.ts";
import type { MetricProducer, MetricReader } from "../sdk_types.ts";
import { SharedScrape } from "./shared_scrape.ts";

/** How long a collection may take, in milliseconds: as long as Prometheus waits for a scrape. */
export const DEFAULT_COLLECT_TIMEOUT_MS = 10_000;

/** The options of {@linkcode PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** The resource's `service.name`. Default: `"unknown_service"`. */
  readonly serviceName?: string;
  /** The resource's `service.instance.id`. Default: a random UUID. */
  readonly serviceInstanceId?: string;
  /** Further attributes of the resource; the two above take precedence. Default: none. */
  readonly resourceAttributes?: Attributes;
  /** Further readers, such as one that pushes. Default: none. */
  readonly readers?: readonly MetricReader[];
  /** The name of the instrumentation scope. Default: `"busbar"`. */
  readonly scopeName?: string;
  /**
   * Further sources of metrics, collected with the meter's at each scrape. What a producer returns
   * must not be changed afterwards. Histogram data points may carry `exemplars` (see `Exemplar`). Default:
   * none.
   */
  readonly metricProducers?: readonly MetricProducer[];
  /**
   * How long instruments and producers may take to return their metrics, in milliseconds, above 0.
   * After that the scrape fails, and the next one starts a new collection. Default: 10,000.
   */
  readonly collectTimeoutMs?: number;
  /** Where metrics that cannot be exported as they are get logged, each once. Default: `console`. */
  readonly logger?: Logger;
}

/**
 * An OpenTelemetry meter whose metrics are scraped as Prometheus text. It registers nothing globally and
 * starts no server; to serve the scrape, use `serveMetrics` of `@busbar/busbar/http`.
 */
export class PrometheusMetrics implements AsyncDisposable {
  /** Where instruments are created. */
  readonly meter: Meter;
  readonly #provider: MeterProvider;
  readonly #reader: PrometheusExporter;
  readonly #collectTimeoutMs: number;
  readonly #scrapes: SharedScrape<readonly Family[], ScrapeFormat>;

  /**
   * Sets up a provider, a reader and a meter.
   *
   * @throws {RangeError} if `collectTimeoutMs` is not above 0
   */
  constructor(options: PrometheusMetricsOptions = {}) {
    const {
      serviceName = "unknown_service",
      serviceInstanceId = crypto.randomUUID(),
      resourceAttributes = {},
      readers = [],
      scopeName = "busbar",
      metricProducers = [],
      collectTimeoutMs = DEFAULT_COLLECT_TIMEOUT_MS,
      logger = console,
    } = options;
    if (typeof collectTimeoutMs !== "number" || !(collectTimeoutMs > 0)) {
      invalidArgument(
        RangeError,
        "create PrometheusMetrics",
        "collectTimeoutMs",
        "a number above 0",
        collectTimeoutMs,
      );
    }
    // Timers hold their delay in 32 bits; a longer one would fire at once.
    this.#collectTimeoutMs = Math.min(collectTimeoutMs, 2 ** 31 - 1);
    this.#reader = new PrometheusExporter({
      preventServerStart: true,
      metricProducers: [...metricProducers],
    });
    const text = new PrometheusSerializer(logger);
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
   * Collects all metrics and formats them: first the resource (`target_info`), then the metric
   * families by name. It works in slices of a few milliseconds, and overlapping scrapes share one
   * collection.
   *
   * @param format Prometheus text 0.0.4 by default, or OpenMetrics 1.0.0, which has exemplars
   * @throws {AggregateError} if an instrument could not be collected, or not in time, so that an
   * incomplete scrape never looks like a complete one
   * @throws {TypeError} if the format is unknown
   */
  async scrape(format: ScrapeFormat = "prometheus"): Promise<string> {
    if (!SCRAPE_FORMATS.includes(format)) {
      invalidArgument(
        TypeError,
        "scrape PrometheusMetrics",
        "format",
        `"prometheus" or "openmetrics"`,
        format,
      );
    }
    return await this.#scrapes.scrape(format);
  }

  /** The provider, for `metrics.setGlobalMeterProvider` of the OpenTelemetry API. */
  get provider(): ApiMeterProvider {
    return this.#provider;
  }

  /** Makes the further readers push their metrics now. */
  async flush(): Promise<void> {
    await this.#provider.forceFlush();
  }

  /** Shuts the provider and its readers down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.shutdown();
  }

  async #collect(): Promise<ResourceMetrics> {
    const deadline = new Deadline(this.#collectTimeoutMs);
    try {
      // All scrapes would wait for one that hangs, as they share it.
      const collecting = this.#reader.collect();
      if (!await deadline.waitFor(collecting)) {
        const reason = new Error(`it took longer than ${this.#collectTimeoutMs} ms`);
        throw new AggregateError([reason], "Cannot collect metrics");
      }
      const { resourceMetrics, errors } = await collecting;
      if (errors.length > 0) throw new AggregateError(errors, "Cannot collect metrics");
      // A resource that is not known in time is shown as far as it is.
      const resource = resourceMetrics.resource.waitForAsyncAttributes?.();
      if (resource !== undefined) await deadline.waitFor(resource);
      return resourceMetrics;
    } finally {
      deadline.clear();
    }
  }
}
