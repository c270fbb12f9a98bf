import { Backoff } from "../../bus/backoff.ts";
import type { Logger } from "../../bus/options.ts";
import { AggregationTemporality as Temporality } from "@opentelemetry/sdk-metrics";
import type { ExportCounts } from "./export_queue.ts";
import { rejectedBy } from "./rejected_count.ts";
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from "./sdk_types.ts";

/**
 * Counts what became of pushed metrics, by data point, and tells of failures. Where sums are
 * cumulative, the next push that is taken makes up for one that was not; for deltas see
 * {@linkcode DeltaMetricExporter}.
 */
export class CountingMetricExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter;
  readonly #logger: Logger;
  readonly #backoff = new Backoff();
  #exported = 0;
  #failed = 0;
  #queued = 0;

  /** Opens nothing. */
  constructor(exporter: PushMetricExporter, options: { readonly logger?: Logger } = {}) {
    this.#exporter = exporter;
    this.#logger = options.logger ?? console;
  }

  /** A copy of what became of the data points. */
  get counts(): ExportCounts {
    return { exported: this.#exported, failed: this.#failed, dropped: 0, queued: this.#queued };
  }

  /** Pushes, and counts how that ends. */
  export(
    metrics: ResourceMetrics,
    callback: (result: { code: number; error?: Error }) => void,
  ): void {
    const all = metrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    const points = all.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
    const catchesUp = !all.some(({ aggregationTemporality }) =>
      aggregationTemporality === Temporality.DELTA
    );
    this.#queued += points;
    const done = (result: { code: number; error?: Error }) => {
      this.#queued -= points;
      if (result.code === 0) this.#exported += points;
      else this.#countFailed(points, result.error, catchesUp);
      callback(result);
    };
    try {
      this.#exporter.export(metrics, done);
    } catch (error) {
      done({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #countFailed(points: number, error: Error | undefined, catchesUp: boolean): void {
    const rejectedCount = rejectedBy(error, points);
    this.#failed += rejectedCount;
    this.#exported += points - rejectedCount;
    if (!this.#backoff.due(performance.now())) return;
    try {
      this.#logger.warn(
        `Export: ${rejectedCount} data points were not taken, ${this.#failed} in all: ` +
          (error?.message ?? "no reason given") +
          (catchesUp ? "; sums catch up with the next push" : ""),
      );
    } catch {
      // A logger that fails must not end the process, and there is nobody else to tell.
    }
  }

  /** Cumulative or delta, as the exporter behind it has it. */
  selectAggregationTemporality(
    ...args: Parameters<NonNullable<PushMetricExporter["selectAggregationTemporality"]>>
  ): AggregationTemporality {
    return this.#exporter.selectAggregationTemporality?.(...args) ?? 1;
  }

  /** Hands on what the exporter holds. */
  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush();
  }

  /** Shuts the exporter down. */
  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}
