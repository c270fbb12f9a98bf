import type { LoggingStats } from "../logging/options.ts";
import type { MetricsStats } from "../metrics/options.ts";
import type { TracingStats } from "../tracing/options.ts";
import { type Observed, rowsBy, startObservation } from "./observation.ts";
import { resolveSelfMetricsOptions, type SelfMetricsOptions } from "./options.ts";

/** The subscribers whose counts {@linkcode observeSubscribers} exports. */
export interface ObservedSubscribers {
  /** A `MetricsSubscriber`. */
  readonly metrics?: { stats(): MetricsStats } | undefined;
  /** A `TracingSubscriber`. */
  readonly tracing?: { stats(): TracingStats } | undefined;
  /** A `LoggingSubscriber`. */
  readonly logging?: { stats(): LoggingStats } | undefined;
}

const METRICS_INSTRUMENTS: readonly Observed<MetricsStats>[] = [
  {
    name: "metrics.overflowed_values",
    kind: "counter",
    description: "Values counted in an overflow series",
    rows: ({ overflowedByMetric }) => rowsBy("metric", overflowedByMetric),
  },
  {
    name: "metrics.cut_attributes",
    kind: "counter",
    description: "Names and values of attributes that were too long, and were cut",
    // A subscriber of an earlier version has no such count.
    rows: ({ cutAttributesByMetric = {} }) => rowsBy("metric", cutAttributesByMetric),
  },
  {
    name: "metrics.invalid_values",
    kind: "counter",
    description: "Values ignored: not finite, or negative for a counter",
    rows: ({ invalidByMetric }) => rowsBy("metric", invalidByMetric),
  },
  {
    name: "metrics.expired_series",
    kind: "counter",
    description: "Series left out because they had had no value for too long",
    rows: ({ expiredSeriesByMetric = {} }) => rowsBy("metric", expiredSeriesByMetric),
  },
  {
    name: "metrics.failed_reads",
    kind: "counter",
    description: "Gauges that could not be read at a collection",
    rows: ({ failedReadsByMetric = {} }) => rowsBy("metric", failedReadsByMetric),
  },
  {
    name: "metrics.open_pairs",
    kind: "gauge",
    description: "Starts waiting for their end",
    rows: ({ openPairs }) => [[openPairs]],
  },
  {
    name: "metrics.expired_pairs",
    kind: "counter",
    description: "Starts whose end did not arrive",
    rows: ({ expiredPairs }) => [[expiredPairs]],
  },
  {
    name: "metrics.orphaned_ends",
    kind: "counter",
    description: "Ends without a start",
    rows: ({ orphanedEnds }) => [[orphanedEnds]],
  },
  {
    name: "metrics.ambiguous_pairs",
    kind: "counter",
    description: "Starts that overlap with others of their session, without an operation id",
    rows: ({ ambiguousPairs }) => [[ambiguousPairs]],
  },
];

const TRACING_INSTRUMENTS: readonly Observed<TracingStats>[] = [
  {
    name: "spans.open",
    kind: "gauge",
    description: "Spans waiting for their end",
    rows: ({ open }) => [[open]],
  },
  {
    name: "spans.expired",
    kind: "counter",
    description: "Spans that expired because their end did not arrive",
    rows: ({ expired }) => [[expired]],
  },
  {
    name: "spans.orphaned_ends",
    kind: "counter",
    description: "Ends without a span",
    rows: ({ orphanedEnds }) => [[orphanedEnds]],
  },
  {
    name: "spans.ambiguous_pairs",
    kind: "counter",
    description: "Starts that overlap with others of their session, without an operation id",
    rows: ({ ambiguousPairs }) => [[ambiguousPairs]],
  },
  {
    name: "spans.invalid_traceparents",
    kind: "counter",
    description: "Malformed traceparents that were ignored",
    rows: ({ invalidTraceparents }) => [[invalidTraceparents]],
  },
  {
    name: "spans.orphaned_events",
    kind: "counter",
    description: "Events whose span was not open",
    // A subscriber of an earlier version has no such count.
    rows: ({ orphanedEvents = 0 }) => [[orphanedEvents]],
  },
  {
    name: "spans.cut_texts",
    kind: "counter",
    description: "Texts and lists of spans that were too long, and were cut",
    rows: ({ cutTexts = 0 }) => [[cutTexts]],
  },
];

const LOGGING_INSTRUMENTS: readonly Observed<LoggingStats>[] = [
  {
    name: "logs.suppressed_records",
    kind: "counter",
    description: "Log records suppressed by the rate limit",
    rows: ({ suppressedByType }) => rowsBy("event_type", suppressedByType),
  },
  {
    name: "logs.cut_texts",
    kind: "counter",
    description: "Texts of log records that were too long, and were cut",
    rows: ({ cutTexts = 0 }) => [[cutTexts]],
  },
  {
    name: "logs.unsampled_records",
    kind: "counter",
    description: "Log records of sessions that were not chosen to be logged",
    rows: ({ unsampledRecords = 0 }) => [[unsampledRecords]],
  },
  {
    name: "logs.failed_records",
    kind: "counter",
    description: "Log records that a sink failed to accept",
    rows: ({ sinks }) => sinks.map(({ name, failed }) => [failed, { sink: name }]),
  },
  {
    name: "logs.dropped_records",
    kind: "counter",
    description: "Log records that a sink had no room for",
    rows: ({ sinks }) => sinks.map(({ name, dropped }) => [dropped, { sink: name }]),
  },
];

/**
 * Exports the counts of the subscribers as metrics: invalid values, overflows, unmatched starts and
 * ends, log records that were suppressed or that a sink did not accept. They are read at
 * collection. After `<prefix>.`, all are counters, except for the gauges `metrics.open_pairs` and
 * `spans.open`:
 *
 * - `metrics.overflowed_values`, `metrics.cut_attributes`, `metrics.invalid_values`, `metrics.expired_series` and
 *   `metrics.failed_reads` by `metric`; `metrics.open_pairs`, `metrics.expired_pairs`,
 *   `metrics.orphaned_ends`, `metrics.ambiguous_pairs`;
 * - `spans.open`, `spans.expired`, `spans.orphaned_ends`, `spans.ambiguous_pairs`,
 *   `spans.invalid_traceparents`, `spans.orphaned_events`, `spans.cut_texts`;
 * - `logs.suppressed_records` by `event_type`, `logs.cut_texts`, `logs.failed_records` and `logs.dropped_records` by
 *   `sink`.
 *
 * @returns a disposable that ends the observation
 * @throws {TypeError} if an option is unknown or invalid
 */
export function observeSubscribers(
  { metrics, tracing, logging }: ObservedSubscribers,
  options: SelfMetricsOptions,
): Disposable {
  const resolved = resolveSelfMetricsOptions("observe subscribers", options);
  const observations: Disposable[] = [];
  const observe = <Stats>(
    subscriber: { stats(): Stats } | undefined,
    instruments: readonly Observed<Stats>[],
  ) => {
    if (subscriber === undefined) return;
    observations.push(
      startObservation({ stats: () => subscriber.stats(), instruments }, resolved),
    );
  };
  observe(metrics, METRICS_INSTRUMENTS);
  observe(tracing, TRACING_INSTRUMENTS);
  observe(logging, LOGGING_INSTRUMENTS);
  return {
    [Symbol.dispose]: () => {
      for (const observation of observations) observation[Symbol.dispose]();
    },
  };
}
