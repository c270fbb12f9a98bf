import type { EventBus } from "../bus/event_bus.ts";
import type { BatchObservableCallback, Meter } from "./otel_api.ts";

/** What the names of the bus's own metrics begin with unless a prefix is given. */
export const BUS_METRIC_PREFIX = "busbar";

/** What {@linkcode observeBus} needs and lets one choose. */
export interface BusMetricsOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /** What their names begin with. Default: {@linkcode BUS_METRIC_PREFIX}. */
  readonly prefix?: string;
}

/**
 * Shows a bus's health as metrics, read when they are collected; it costs events nothing. On a
 * disabled bus it creates nothing. Behind `<prefix>.event_bus.`:
 *
 * - gauges `queue_depth`, `queue_capacity`, `drain_lag_seconds` (how long the oldest event waits);
 * - counters `published_events`, `delivered_events`, `dropped_events_total` (all losses but those
 *   after a stop and of reserved types), `lost_events` by `reason`;
 * - counters `subscriber_exceptions`, `skipped_events` and `slow_handler_calls` by
 *   `subscriber_name`.
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
  const queueDepth = gauge("queue_depth", "Events that wait to be dispatched");
  const queueCapacity = gauge("queue_capacity", "Events that may wait");
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
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, observed) };
}
