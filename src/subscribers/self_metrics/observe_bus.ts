import type { EventBus } from "../../bus/event_bus.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { Subscriptions } from "../../events/event_map.ts";
import type { BatchObservableCallback, Histogram, Meter } from "../otel_api.ts";

/** The default prefix of the bus's own metrics. */
export const BUS_METRIC_PREFIX = "busbar";

/** The buckets of the slices' durations: around the drain's usual budget of 4 ms. */
const SLICE_SECONDS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.002,
  0.004,
  0.008,
  0.016,
  0.032,
  0.064,
  0.25,
  1,
];

class SliceTimer extends EventSubscriber<object> {
  readonly #histogram: Histogram;

  constructor(histogram: Histogram) {
    super();
    this.#histogram = histogram;
  }

  override getSubscriptions(): Subscriptions<object> {
    return {};
  }

  override onDrain(sliceStartedAtMs: number): void {
    this.#histogram.record((performance.now() - sliceStartedAtMs) / 1_000);
  }
}

/** The options of {@linkcode observeBus}. */
export interface BusMetricsOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /** The prefix of their names. Default: {@linkcode BUS_METRIC_PREFIX}. */
  readonly prefix?: string;
}

/**
 * Exports a bus's health as metrics. All but the histogram are read only at collection and add no cost
 * per event; the histogram records one value per slice. For a disabled bus nothing is created. The
 * names, after `<prefix>.event_bus.`:
 *
 * - gauges `queue_depth`, `queue_capacity`, `drain_lag_seconds` (how long the oldest event waits);
 * - counters `published_events`, `delivered_events`, `dropped_events_total` (all losses but those
 *   after a stop and of reserved types), `lost_events` by `reason`;
 * - counters `subscriber_exceptions`, `skipped_events` and `slow_handler_calls` by
 *   `subscriber_name`;
 * - the histogram `slice_duration`, in seconds: for how long a slice of the drain held the event
 *   loop, without the `onDrain` of subscribers that are registered after this call.
 *
 * @returns a disposable that ends the observation
 * @throws {TypeError} if the prefix cannot begin a name: OpenTelemetry would give nothing, silently
 */
export function observeBus<Events extends object>(
  bus: EventBus<Events>,
  { meter, prefix = BUS_METRIC_PREFIX }: BusMetricsOptions,
): Disposable {
  if (!/^[A-Za-z][\w.\-/]{0,199}$/.test(prefix)) {
    throw new TypeError(
      "Cannot observe a bus: prefix must be a letter, then up to 199 letters, digits, _ . - or /, " +
        `received ${JSON.stringify(prefix)}`,
    );
  }
  if (!bus.enabled) return { [Symbol.dispose]: () => {} };
  const gauge = (name: string, description: string, unit = "") =>
    meter.createObservableGauge(`${prefix}.event_bus.${name}`, { description, unit });
  const counter = (name: string, description: string) =>
    meter.createObservableCounter(`${prefix}.event_bus.${name}`, { description });
  const queueDepth = gauge("queue_depth", "Events waiting to be dispatched");
  const queueCapacity = gauge("queue_capacity", "Maximum number of events waiting");
  const drainLag = gauge("drain_lag_seconds", "How long the oldest waiting event has waited", "s");
  const published = counter("published_events", "Calls of publish");
  const delivered = counter("delivered_events", "Events dispatched");
  const dropped = counter(
    "dropped_events_total",
    "Events lost to a full queue, to eviction or to a stop",
  );
  const lost = counter("lost_events", "Events rejected or dropped, by reason");
  const exceptions = counter("subscriber_exceptions", "Throws and rejections, by subscriber");
  const skipped = counter(
    "skipped_events",
    "Events that passed by an async handler with too many calls pending",
  );
  const slow = counter(
    "slow_handler_calls",
    "Handler calls seen to hold the event loop for the drain's budget; a lower bound",
  );
  const sliceTimer = new SliceTimer(
    meter.createHistogram(`${prefix}.event_bus.slice_duration`, {
      description: "How long a slice of the drain held the event loop",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SLICE_SECONDS] },
    }),
  );
  bus.registerSubscriber(sliceTimer);
  const observed = [
    queueDepth,
    queueCapacity,
    drainLag,
    published,
    delivered,
    dropped,
    lost,
    exceptions,
    skipped,
    slow,
  ];
  const observe: BatchObservableCallback = (result) => {
    // A stop unregisters every subscriber, and the bus may have been started again since.
    bus.registerSubscriber(sliceTimer);
    const stats = bus.stats();
    result.observe(queueDepth, bus.queueDepth);
    result.observe(queueCapacity, bus.maxQueueSize);
    result.observe(drainLag, bus.oldestEventLagMs / 1_000);
    result.observe(published, stats.published);
    result.observe(delivered, stats.delivered);
    result.observe(dropped, bus.droppedEventsCount);
    for (const [reason, count] of Object.entries({ ...stats.rejected, ...stats.dropped })) {
      result.observe(lost, count, { reason });
    }
    const byName = [
      [exceptions, bus.subscriberExceptionCounts()],
      [skipped, stats.skippedBySubscriber],
      [slow, bus.slowHandlerCounts()],
    ] as const;
    for (const [instrument, counts] of byName) {
      for (const [name, count] of Object.entries(counts)) {
        result.observe(instrument, count, { subscriber_name: name });
      }
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return {
    [Symbol.dispose]: () => {
      meter.removeBatchObservableCallback(observe, observed);
      bus.registerSubscriber(sliceTimer)[Symbol.dispose]();
    },
  };
}
