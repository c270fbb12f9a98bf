import { AggregationTemporality as Temporality } from "@opentelemetry/sdk-metrics";
import { Backoff } from "../../internal/backoff.ts";
import type { Logger } from "../../internal/logger.ts";
import { format } from "../../internal/arguments.ts";
import { DeltaMetrics } from "./delta_metrics.ts";
import { rejectedBy } from "../../batching/rejected_count.ts";
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from "../sdk_types.ts";

/**
 * Which sums and histograms are pushed as deltas, in OpenTelemetry's terms:
 *
 * - `"cumulative"`: none.
 * - `"delta"`: counters, observable counters and histograms.
 * - `"lowmemory"`: counters and histograms. (The name is OpenTelemetry's; no memory is saved here.)
 *
 * Up-down counters are always cumulative, and gauges are always the current value.
 */
export type TemporalityPreference = "cumulative" | "delta" | "lowmemory";

/** All preferences. */
export const TEMPORALITY_PREFERENCES: readonly TemporalityPreference[] = Object.freeze([
  "cumulative",
  "delta",
  "lowmemory",
]);

/** The options of {@linkcode DeltaMetricExporter}. */
export interface DeltaMetricExporterOptions {
  /** What is pushed as deltas. Default: `"delta"`. */
  readonly temporalityPreference?: TemporalityPreference;
  /** Where losses are logged. Default: `console`. */
  readonly logger?: Logger;
}

interface Result {
  code: number;
  error?: Error;
}

interface Push {
  readonly metrics: ResourceMetrics;
  readonly callback: (result: Result) => void;
}

/**
 * Pushes deltas, for receivers that do not accept cumulative metrics. It asks its reader for
 * cumulative metrics and subtracts the values of the last successful push itself:
 *
 * - **A failed push loses nothing**: the next one covers its time too. The reader's own deltas would
 *   be lost.
 * - **When in doubt, twice**: if a push gets no answer, it is unknown whether the receiver accepted
 *   it. It counts as failed, so a receiver that did accept it gets these deltas twice. Most such
 *   pushes never arrive, and would otherwise be lost silently. Data points that a receiver rejects
 *   in a partial success are not sent again, as OTLP requires; that loss is logged.
 * - **Memory**: the last successfully pushed values of each series, and at most one push that waits
 *   for the one in progress. If a newer push replaces the waiting one, that fails, and the newer one
 *   contains its deltas. A series missing from 1,000 pushes in a row is forgotten.
 * - **Other readers**, such as that of a scrape, are not affected and stay cumulative.
 *
 * Exponential histograms stay cumulative.
 *
 * @example
 * ```ts
 * import {
 *   CountingMetricExporter,
 *   createOtlpExporters,
 *   DeltaMetricExporter,
 * } from "@busbar/busbar/otel";
 * import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
 *
 * const { metrics } = createOtlpExporters({ endpoint: "http://127.0.0.1:4318" });
 * const exporter = new DeltaMetricExporter(new CountingMetricExporter(metrics));
 * const reader = new PeriodicExportingMetricReader({ exporter });
 * if (reader.selectAggregation === undefined) throw new Error("no reader");
 * await exporter.shutdown();
 * ```
 */
export class DeltaMetricExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter;
  readonly #logger: Logger;
  readonly #deltas: DeltaMetrics;
  readonly #backoff = new Backoff();
  #waiting: Push | undefined;
  #underWay: Promise<void> | undefined;
  #notTaken = 0;

  /**
   * Wraps an exporter; it opens nothing.
   *
   * @throws {TypeError} if the preference is unknown
   */
  constructor(exporter: PushMetricExporter, options: DeltaMetricExporterOptions = {}) {
    const { temporalityPreference = "delta", logger = console } = options;
    if (!TEMPORALITY_PREFERENCES.includes(temporalityPreference)) {
      throw new TypeError(
        "Cannot create DeltaMetricExporter: temporalityPreference must be one of " +
          `${TEMPORALITY_PREFERENCES.map(format).join(", ")}, received ${
            format(temporalityPreference)
          }`,
      );
    }
    this.#exporter = exporter;
    this.#logger = logger;
    this.#deltas = new DeltaMetrics(
      ({ descriptor }) =>
        temporalityPreference === "delta" ||
        (temporalityPreference === "lowmemory" && !isObservable(descriptor)),
    );
  }

  /** Pushes what was added since the last successful push. */
  export(
    metrics: ResourceMetrics,
    callback: (result: { code: number; error?: Error }) => void,
  ): void {
    const overtaken = this.#waiting;
    this.#waiting = { metrics, callback };
    overtaken?.callback({ code: 1, error: new Error("a newer push holds the deltas of this one") });
    this.#underWay ??= this.#run();
  }

  /** Cumulative, because the deltas are computed here. */
  selectAggregationTemporality(): AggregationTemporality {
    return Temporality.CUMULATIVE;
  }

  /** Resolves when the push in progress has ended and the wrapped exporter is flushed. */
  async forceFlush(): Promise<void> {
    await this.#underWay;
    await this.#exporter.forceFlush();
  }

  /** Shuts down the exporter, and logs deltas that could not be pushed: there is no next push. */
  async shutdown(): Promise<void> {
    // First, for it cuts short what waits to be tried again.
    const ended = this.#exporter.shutdown();
    await this.#underWay;
    await ended;
    if (this.#notTaken > 0) this.#tell(`the deltas of ${this.#notTaken} data points`);
    this.#notTaken = 0;
  }

  async #run(): Promise<void> {
    for (let push = this.#waiting; push !== undefined; push = this.#waiting) {
      this.#waiting = undefined;
      const result = await this.#push(push.metrics);
      try {
        push.callback(result);
      } catch {
        // Whoever waits for the answer must not keep the next push from going out.
      }
    }
    this.#underWay = undefined;
  }

  async #push(collected: ResourceMetrics): Promise<Result> {
    const { metrics, pointCount, taken } = this.#deltas.convert(collected);
    const result: Result = pointCount === 0 ? { code: 0 } : await this.#hand(metrics);
    const { code, error } = result;
    if (code === 0 || isPartial(error)) {
      taken();
      this.#notTaken = 0;
    } else {
      this.#notTaken = pointCount;
    }
    if (code !== 0 && isPartial(error) && this.#backoff.due(performance.now())) {
      this.#tell(`${rejectedBy(error, pointCount)} data points that were refused for good`);
    }
    return result;
  }

  #hand(metrics: ResourceMetrics): Promise<Result> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(metrics, resolve);
      } catch (error) {
        resolve({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
      }
    });
  }

  #tell(what: string): void {
    try {
      this.#logger.warn(`Export: lost ${what}`);
    } catch {
      // A logger that fails must not end the process, and there is nobody else to tell.
    }
  }
}

/** The SDK says in its descriptors what kind of instrument it was, which their type leaves out. */
function isObservable(descriptor: object): boolean {
  return (descriptor as { type?: unknown }).type === "OBSERVABLE_COUNTER";
}

/** Whether the receiver took the push as a whole, and said how many of its points it refused. */
function isPartial(error: Error | undefined): boolean {
  return typeof (error as { rejectedCount?: unknown } | undefined)?.rejectedCount === "number";
}
