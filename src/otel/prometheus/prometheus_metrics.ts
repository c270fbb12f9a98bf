import { monotonicMs } from "../../internal/clocks.ts";
import type { ApiMeterProvider, Attributes, Meter } from "../../subscribers/otel_api.ts";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { assertAboveZero, assertFunction, invalidArgument } from "../../internal/arguments.ts";
import { Backoff } from "../../internal/backoff.ts";
import type { DeadlineOptions } from "../../library/options.ts";
import { Deadline, resolveTimeoutMs } from "../../internal/deadline.ts";
import type { Logger } from "../../internal/logger.ts";
import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { MAX_DELAY_MS } from "../../internal/timers.ts";
import { DEFAULT_SCOPE_NAME, DEFAULT_SERVICE_NAME } from "../defaults.ts";
import type { Family } from "./family.ts";
import { PrometheusSerializer } from "./prometheus_serializer.ts";
import { SCRAPE_FORMATS, type ScrapeFormat } from "./scrape_format.ts";
import type { MetricProducer, MetricReader } from "../sdk_types.ts";
import { SCOPE_LABELS, type ScopeLabels } from "./scope_labels.ts";
import { GuardedCallbacks } from "./guarded_callbacks.ts";
import { INSTANCE_ID, LazyResource, type WithInstanceId } from "./lazy_resource.ts";
import { SharedScrape } from "./shared_scrape.ts";

/** How long a collection may take, in milliseconds: as long as Prometheus waits for a scrape. */
export const DEFAULT_COLLECT_TIMEOUT_MS = 10_000;
/** The share of a collection's time that `beforeCollect` may take: the rest is the instruments'. */
const BEFORE_COLLECT_SHARE = 0.5;
/** The share that one callback may take: with what is awaited before, less than all of it. */
const CALLBACK_SHARE = 0.4;

/** The options of {@linkcode PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** The resource's `service.name`. Default: `"unknown_service"`. */
  readonly serviceName?: string | undefined;
  /** The resource's `service.instance.id`. Default: a random UUID. */
  readonly serviceInstanceId?: string | undefined;
  /** Further attributes of the resource; the two above take precedence. Default: none. */
  readonly resourceAttributes?: Attributes | undefined;
  /** Further readers, such as one that pushes. Default: none. */
  readonly readers?: readonly MetricReader[] | undefined;
  /** The name of the instrumentation scope. Default: `"busbar"`. */
  readonly scopeName?: string | undefined;
  /**
   * On which series the labels `otel_scope_name`, `otel_scope_version`, `otel_scope_schema_url` and
   * those of the scope's attributes stand: those of all scopes but `scopeName` (`"others"`), or
   * `"all"`, as OpenTelemetry has it. Default: `"others"`.
   */
  readonly scopeLabels?: ScopeLabels | undefined;
  /**
   * Further sources of metrics, collected with the meter's at each scrape. What a producer returns
   * must not be changed afterwards. Its histogram data points may have a field `exemplars` (see
   * `Exemplar`), which the SDK's own data points lack: OpenMetrics shows them. Default: none.
   */
  readonly metricProducers?: readonly MetricProducer[] | undefined;
  /**
   * Is called before each collection of a scrape and awaited, so that instruments report what it
   * fetched. If it fails, or takes longer than half of `collectTimeoutMs`, that is logged, and the
   * scrape goes on with what there is. Readers that push do not call it: for both, use asynchronous
   * callbacks of instruments, or a producer. Default: nothing is awaited.
   */
  readonly beforeCollect?: (() => void | Promise<void>) | undefined;
  /**
   * How long instruments and producers may take to return their metrics, in milliseconds, above 0.
   * After that the scrape fails, and the next one starts a new collection. A callback of an
   * observable instrument that takes longer than 40 % of it is left out. Default: 10,000.
   */
  readonly collectTimeoutMs?: number | undefined;
  /**
   * Where metrics that cannot be exported as they are get logged, each once, and callbacks that
   * fail, backing off. Default: `console`.
   */
  readonly logger?: Logger | undefined;
}

const ACTION = "create PrometheusMetrics";
const OPTIONS: Readonly<Record<keyof PrometheusMetricsOptions, true>> = {
  serviceName: true,
  serviceInstanceId: true,
  resourceAttributes: true,
  readers: true,
  scopeName: true,
  scopeLabels: true,
  metricProducers: true,
  beforeCollect: true,
  collectTimeoutMs: true,
  logger: true,
};

/**
 * An OpenTelemetry meter whose metrics are scraped as Prometheus text. It registers nothing
 * globally and starts no server; to serve the scrape, use `serveMetrics` of `@busbar/busbar/http`.
 */
export class PrometheusMetrics implements AsyncDisposable {
  /** Where instruments are created. */
  readonly meter: Meter;
  readonly #provider: MeterProvider;
  readonly #reader: PrometheusExporter;
  readonly #beforeCollect: (() => void | Promise<void>) | undefined;
  readonly #collectTimeoutMs: number;
  readonly #logger: Logger;
  readonly #backoff = new Backoff();
  readonly #callbacks: GuardedCallbacks;
  readonly #scrapes: SharedScrape<readonly Family[], ScrapeFormat>;
  #shutdown: Promise<void> | undefined;

  /**
   * Sets up a provider, a reader and a meter.
   *
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if `collectTimeoutMs` is not above 0
   */
  constructor(options: PrometheusMetricsOptions = {}) {
    assertKnownNames(ACTION, "option", options, Object.keys(OPTIONS));
    const {
      serviceName = DEFAULT_SERVICE_NAME,
      serviceInstanceId,
      resourceAttributes = {},
      readers = [],
      scopeName = DEFAULT_SCOPE_NAME,
      scopeLabels = "others",
      metricProducers = [],
      beforeCollect,
      collectTimeoutMs = DEFAULT_COLLECT_TIMEOUT_MS,
      logger = console,
    } = options;
    const { [INSTANCE_ID]: instanceId } = options as WithInstanceId;
    assertAboveZero(ACTION, "collectTimeoutMs", collectTimeoutMs);
    if (!SCOPE_LABELS.includes(scopeLabels)) {
      invalidArgument(TypeError, ACTION, "scopeLabels", `"others" or "all"`, scopeLabels);
    }
    if (beforeCollect !== undefined) assertFunction(ACTION, "beforeCollect", beforeCollect);
    this.#beforeCollect = beforeCollect;
    this.#collectTimeoutMs = Math.min(collectTimeoutMs, MAX_DELAY_MS);
    this.#logger = logger;
    this.#reader = new PrometheusExporter({
      preventServerStart: true,
      metricProducers: [...metricProducers],
    });
    const serializer = new PrometheusSerializer(logger, { ownScope: scopeName, scopeLabels });
    this.#scrapes = new SharedScrape(
      async () => serializer.group(await this.#collect()),
      (families, format) => serializer.write(families, format),
    );
    this.#provider = new MeterProvider({
      resource: new LazyResource(() =>
        resourceFromAttributes({
          ...resourceAttributes,
          "service.name": serviceName,
          "service.instance.id": instanceId?.() ?? serviceInstanceId ?? crypto.randomUUID(),
        }), instanceId),
      readers: [this.#reader, ...readers],
    });
    this.#callbacks = new GuardedCallbacks(logger, this.#collectTimeoutMs * CALLBACK_SHARE);
    this.#callbacks.guard(this.#provider);
    this.meter = this.#provider.getMeter(scopeName);
  }

  /**
   * Collects all metrics and formats them: first the resource (`target_info`), then the metric
   * families by name. It works in slices of a few milliseconds, and overlapping scrapes share one
   * collection.
   *
   * @param format Prometheus text 0.0.4 by default, or OpenMetrics 1.0.0, which has exemplars
   * A callback of an observable instrument that throws, rejects or takes too long leaves out what it
   * reads, and nothing else; see {@linkcode PrometheusMetrics.failedCallbacksByMetric}.
   *
   * @throws {Error} if a producer of metrics fails, or the collection takes longer than
   * `collectTimeoutMs`
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

  /**
   * How often callbacks of observable instruments failed or took too long, by the metric that was
   * left out of a scrape.
   */
  get failedCallbacksByMetric(): Readonly<Record<string, number>> {
    return this.#callbacks.failures;
  }

  /** The provider, for `metrics.setGlobalMeterProvider` of the OpenTelemetry API. */
  get provider(): ApiMeterProvider {
    return this.#provider;
  }

  /**
   * Makes the further readers push their metrics now.
   *
   * @throws {Error} if one failed, or they did not end in time
   */
  async flush(options: DeadlineOptions = {}): Promise<void> {
    await inTime("flush PrometheusMetrics", options, () => this.#provider.forceFlush());
  }

  /**
   * Makes the further readers push their metrics and shuts them down; after it a scrape fails. A
   * second call returns the first one's result.
   *
   * @throws {Error} if one failed, or they did not end in time; what is under way then goes on
   */
  async shutdown(options: DeadlineOptions = {}): Promise<void> {
    const action = "shut PrometheusMetrics down";
    resolveTimeoutMs(action, options);
    const shutDown = () => inTime(action, options, () => this.#provider.shutdown());
    // Another request's promise is not to be touched.
    await (REQUESTS_ARE_APART ? shutDown() : this.#shutdown ??= shutDown());
  }

  /** The same as {@linkcode PrometheusMetrics.shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #collect(): Promise<ResourceMetrics> {
    const deadline = new Deadline(this.#collectTimeoutMs);
    try {
      await this.#awaitBeforeCollect();
      // All scrapes would wait for one that hangs, as they share it.
      const collecting = this.#reader.collect();
      if (!await deadline.waitFor(collecting)) {
        const reason = new Error(`it took longer than ${this.#collectTimeoutMs} ms`);
        throw new AggregateError([reason], "Cannot collect metrics");
      }
      const { resourceMetrics: all, errors } = await collecting;
      const resourceMetrics = this.#callbacks.leaveOutFailed(all, errors);
      // A resource that is not known in time is shown as far as it is.
      const resource = resourceMetrics.resource.waitForAsyncAttributes?.();
      if (resource !== undefined) await deadline.waitFor(resource);
      return resourceMetrics;
    } finally {
      deadline.clear();
    }
  }

  async #awaitBeforeCollect(): Promise<void> {
    const beforeCollect = this.#beforeCollect;
    if (beforeCollect === undefined) return;
    const timeoutMs = this.#collectTimeoutMs * BEFORE_COLLECT_SHARE;
    try {
      await inTime("await beforeCollect", { timeoutMs }, async () => await beforeCollect());
    } catch (error) {
      if (!this.#backoff.due(monotonicMs())) return;
      report(this.#logger, `${errorText(error)}; the scrape goes on with what there is`);
    }
  }
}

/** @throws {Error} what `work` rejects with; or if it takes too long */
async function inTime(
  action: string,
  options: DeadlineOptions,
  work: () => Promise<void>,
): Promise<void> {
  const timeoutMs = resolveTimeoutMs(action, options);
  const { signal } = options;
  const deadline = new Deadline(timeoutMs, signal);
  try {
    if (await deadline.waitFor(work())) return;
  } finally {
    deadline.clear();
  }
  const why = signal?.aborted
    ? "its signal aborted"
    : `it took longer than ${Math.round(timeoutMs)} ms`;
  throw new Error(`Cannot ${action}: ${why}`);
}
