import { monotonicMs } from "../../internal/clocks.ts";
import { Backoff } from "../../internal/backoff.ts";
import type { Logger } from "../../internal/logger.ts";
import { withUrl } from "../otlp/exporter_url.ts";
import { AggregationTemporality as Temporality } from "@opentelemetry/sdk-metrics";
import { rejectedBy } from "../../batching/rejected_count.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { report } from "../../internal/reporting.ts";
import type { ExportStats } from "../../subscribers/self_metrics/observe_export.ts";
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

  /**
   * Wraps an exporter; it opens nothing.
   *
   * @param options `logger` is where failures are logged; default: `console`
   */
  constructor(
    exporter: PushMetricExporter,
    options: { readonly logger?: Logger | undefined } = {},
  ) {
    assertKnownNames("create CountingMetricExporter", "option", options, ["logger"]);
    this.#exporter = exporter;
    this.#logger = options.logger ?? console;
  }

  /** The counts of data points so far. */
  stats(): ExportStats {
    return { queued: this.#queued, exported: this.#exported, failed: this.#failed, dropped: 0 };
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
    if (!this.#backoff.due(monotonicMs())) return;
    const reason = error?.message ?? "no reason given";
    report(
      this.#logger,
      `Cannot export ${rejectedCount} ${
        withUrl("data points", this.#exporter)
      }, ${this.#failed} in all: ${reason}` +
        (catchesUp ? "; sums catch up with the next push" : ""),
    );
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
