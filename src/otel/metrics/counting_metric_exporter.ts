import { Backoff } from "../../internal/backoff.ts";
import type { Logger } from "../../internal/logger.ts";
import { AggregationTemporality as Temporality } from "@opentelemetry/sdk-metrics";
import type { ExportCounts } from "../../batching/export_queue.ts";
import { rejectedBy } from "../../batching/rejected_count.ts";
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from "../sdk_types.ts";

/**
 * Counts how many data points were pushed or failed, and logs failures. If sums are cumulative, the
 * next successful push makes up for a failed one; for deltas see {@linkcode DeltaMetricExporter}.
 */
export class CountingMetricExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter;
  readonly #logger: Logger;
  readonly #backoff = new Backoff();
  #exported = 0;
  #failed = 0;
  #queued = 0;

  /** Wraps an exporter; it opens nothing. */
  constructor(exporter: PushMetricExporter, options: { readonly logger?: Logger } = {}) {
    this.#exporter = exporter;
    this.#logger = options.logger ?? console;
  }

  /** A copy of the counts of data points. */
  get counts(): ExportCounts {
    return { exported: this.#exported, failed: this.#failed, dropped: 0, queued: this.#queued };
  }

  /** Pushes the metrics and counts the result. */
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

  /** The temporality of the wrapped exporter. */
  selectAggregationTemporality(
    ...args: Parameters<NonNullable<PushMetricExporter["selectAggregationTemporality"]>>
  ): AggregationTemporality {
    return this.#exporter.selectAggregationTemporality?.(...args) ?? 1;
  }

  /** Flushes the wrapped exporter. */
  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush();
  }

  /** Shuts down the wrapped exporter. */
  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}
