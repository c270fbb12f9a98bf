import type { BatchObservableCallback, Meter } from "./otel_api.ts";
import type { EventBus } from "../bus/event_bus.ts";

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
 * Shows a bus's health as metrics, read when they are collected: queue depth, drain lag, dropped
 * events, and exceptions by subscriber.
 *
 * @returns a disposable that ends the observation
 */
export function observeBus<Events extends object>(
  bus: EventBus<Events>,
  { meter, prefix = BUS_METRIC_PREFIX }: BusMetricsOptions,
): Disposable {
  const name = (metric: string) => `${prefix}.event_bus.${metric}`;
  const queueDepth = meter.createObservableGauge(name("queue_depth"), {
    description: "Events that wait to be dispatched",
  });
  const drainLag = meter.createObservableGauge(name("drain_lag_seconds"), {
    description: "How long the oldest waiting event has waited",
    unit: "s",
  });
  const dropped = meter.createObservableCounter(name("dropped_events_total"), {
    description: "Events lost to a full queue, to eviction or to a stop",
  });
  const exceptions = meter.createObservableCounter(name("subscriber_exceptions"), {
    description: "Throws and rejections, by subscriber",
  });
  const observed = [queueDepth, drainLag, dropped, exceptions];
  const observe: BatchObservableCallback = (result) => {
    result.observe(queueDepth, bus.queueDepth);
    result.observe(drainLag, bus.oldestEventLagMs / 1_000);
    result.observe(dropped, bus.droppedEventsCount);
    for (const [subscriber, count] of Object.entries(bus.subscriberExceptionCounts())) {
      result.observe(exceptions, count, { subscriber_name: subscriber });
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, observed) };
}
