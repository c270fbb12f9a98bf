import type { AnyEvents } from "../../events/event_map.ts";
import { BUS_METRIC_PREFIX, type BusMetricsOptions } from "./observe_bus.ts";
import type { LoggingSubscriber } from "../logging/logging_subscriber.ts";
import type { MetricsSubscriber } from "../metrics/metrics_subscriber.ts";
import type { BatchObservableCallback } from "../otel_api.ts";
import type { TracingSubscriber } from "../tracing/tracing_subscriber.ts";

/** The subscribers whose counts {@linkcode observeSubscribers} exports. */
export interface ObservedSubscribers<Events extends object = AnyEvents> {
  /** The subscriber that aggregates metrics. */
  readonly metrics?: MetricsSubscriber<Events> | undefined;
  /** The subscriber that makes spans. */
  readonly tracing?: TracingSubscriber<Events> | undefined;
  /** The subscriber that makes log records. */
  readonly logging?: LoggingSubscriber<Events> | undefined;
}

type Row = readonly [count: number, attributes?: Record<string, string>];

/**
 * Exports the problems of the subscribers as metrics: invalid values, overflows, unmatched starts and
 * ends, suppressed or failed log records. They are read at collection. After `<prefix>.`, all are
 * counters, except for the gauge `spans.open`:
 *
 * - `metrics.overflowed_values` and `metrics.invalid_values` by `metric`, `metrics.orphaned_ends`,
 *   `metrics.expired_starts`;
 * - `spans.expired`, `spans.orphaned_ends`, `spans.invalid_traceparents`;
 * - `logs.suppressed_records` by `event_type`, `logs.failed_records` by `sink`.
 *
 * @returns a disposable that ends the observation
 */
export function observeSubscribers<Events extends object>(
  subscribers: ObservedSubscribers<Events>,
  { meter, prefix = BUS_METRIC_PREFIX }: BusMetricsOptions,
): Disposable {
  const { metrics, tracing, logging } = subscribers;
  const observers: (() => void)[] = [];
  const observe = (name: string, description: string, read: () => Row[], gauge = false) => {
    const instrument = gauge
      ? meter.createObservableGauge(`${prefix}.${name}`, { description })
      : meter.createObservableCounter(`${prefix}.${name}`, { description });
    const callback: BatchObservableCallback = (result) => {
      for (const [count, attributes] of read()) result.observe(instrument, count, attributes);
    };
    meter.addBatchObservableCallback(callback, [instrument]);
    observers.push(() => meter.removeBatchObservableCallback(callback, [instrument]));
  };
  const by = (attribute: string, counts: Readonly<Record<string, number>>): Row[] =>
    Object.entries(counts).map(([name, count]) => [count, { [attribute]: name }]);

  if (metrics !== undefined) {
    observe(
      "metrics.overflowed_values",
      "Values counted in an overflow series",
      () => by("metric", metrics.counts().overflowed),
    );
    observe(
      "metrics.invalid_values",
      "Values ignored: not finite, or negative for a counter",
      () => by("metric", metrics.counts().invalid),
    );
    observe("metrics.orphaned_ends", "Ends without a start", () => [
      [metrics.counts().orphanedEnds],
    ]);
    observe("metrics.expired_starts", "Starts whose end did not arrive", () => [
      [metrics.counts().expiredStarts],
    ]);
  }
  if (tracing !== undefined) {
    observe("spans.open", "Spans waiting for their end", () => [[tracing.counts().open]], true);
    observe("spans.expired", "Spans that expired because their end did not arrive", () => [
      [tracing.counts().expired],
    ]);
    observe("spans.orphaned_ends", "Ends without a span", () => [
      [tracing.counts().orphanedEnds],
    ]);
    observe("spans.invalid_traceparents", "Malformed traceparents that were ignored", () => [
      [tracing.counts().invalidTraceparents],
    ]);
  }
  if (logging !== undefined) {
    observe(
      "logs.suppressed_records",
      "Log records left out by the rate limit",
      () => by("event_type", logging.suppressedByType()),
    );
    observe(
      "logs.failed_records",
      "Log records that a sink failed to accept, or was too slow for",
      () =>
        logging.sinkCounts().map(({ name, failed, skipped }) => [
          failed + skipped,
          { sink: name },
        ]),
    );
  }
  return {
    [Symbol.dispose]: () => {
      for (const end of observers) end();
    },
  };
}
