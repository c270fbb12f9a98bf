import type { EventBus } from "../../library/event_bus.ts";
import type { BusStats } from "../../library/reports.ts";
import { NO_OBSERVATION, type Observed, rowsBy, startObservation } from "./observation.ts";
import { resolveSelfMetricsOptions, type SelfMetricsOptions } from "./options.ts";
import { SliceTimer } from "./slice_timer.ts";

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

/** What the loss ledger says. */
const LEDGER_INSTRUMENTS: readonly Observed<BusStats>[] = [
  {
    name: "event_bus.published_events",
    kind: "counter",
    description: "Calls of publish",
    rows: ({ published }) => [[published]],
  },
  {
    name: "event_bus.delivered_events",
    kind: "counter",
    description: "Events dispatched",
    rows: ({ delivered }) => [[delivered]],
  },
  {
    name: "event_bus.lost_events",
    kind: "counter",
    description: "Events rejected or dropped, by reason",
    rows: ({ rejected, dropped }) => rowsBy("reason", { ...rejected, ...dropped }),
  },
];

/**
 * Exports a bus's health as metrics. They are read at collection, and what happens in between calls
 * no instrument. For a disabled bus nothing is created.
 * The names, after `<prefix>.event_bus.`:
 *
 * - gauges `queue_depth`, `queue_capacity`, `drain_lag_seconds` (how long the oldest event waits);
 * - counters `published_events`, `delivered_events`, `dropped_events_total` (all losses but those
 *   after a stop and of reserved types), `lost_events` by `reason`;
 * - counters `subscriber_exceptions`, `skipped_events` and `slow_handler_calls` by
 *   `subscriber_name`;
 * - the histogram `slice_duration`, in seconds: for how long a slice of the drain held the event
 *   loop, without the `onDrain` of subscribers that are registered after this call. It is a sample:
 *   of slices of one event alone whose handlers are quick, one in 17 is timed, of others each; and
 *   of those that were timed between two collections, it has at most 257, the longest among them.
 *
 * @returns a disposable that ends the observation
 * @throws {TypeError} if an option is unknown or invalid
 */
export function observeBus<Events extends object>(
  bus: EventBus<Events>,
  options: SelfMetricsOptions,
): Disposable {
  const resolved = resolveSelfMetricsOptions("observe a bus", options);
  if (!bus.enabled) return NO_OBSERVATION;
  const sliceTimer = new SliceTimer(
    resolved.meter.createHistogram(`${resolved.prefix}.event_bus.slice_duration`, {
      description: "How long a slice of the drain held the event loop",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SLICE_SECONDS] },
    }),
  );
  bus.registerSubscriber(sliceTimer);
  return startObservation({
    stats: () => {
      // A stop unregisters every subscriber, and the bus may have been started again since.
      bus.registerSubscriber(sliceTimer);
      sliceTimer.report();
      return bus.stats();
    },
    instruments: [...queueInstruments(bus), ...LEDGER_INSTRUMENTS, ...handlerInstruments(bus)],
    onEnd: () => bus.registerSubscriber(sliceTimer)[Symbol.dispose](),
  }, resolved);
}

function queueInstruments<Events extends object>(bus: EventBus<Events>): Observed<BusStats>[] {
  return [
    {
      name: "event_bus.queue_depth",
      kind: "gauge",
      description: "Events waiting to be dispatched",
      rows: () => [[bus.queueDepth]],
    },
    {
      name: "event_bus.queue_capacity",
      kind: "gauge",
      description: "Maximum number of events waiting",
      rows: () => [[bus.maxQueueSize]],
    },
    {
      name: "event_bus.drain_lag_seconds",
      kind: "gauge",
      description: "How long the oldest waiting event has waited",
      unit: "s",
      rows: () => [[bus.oldestEventLagMs / 1_000]],
    },
    {
      name: "event_bus.dropped_events_total",
      kind: "counter",
      description: "Events lost to a full queue, to eviction or to a stop",
      rows: () => [[bus.droppedEventsCount]],
    },
  ];
}

function handlerInstruments<Events extends object>(bus: EventBus<Events>): Observed<BusStats>[] {
  return [
    {
      name: "event_bus.subscriber_exceptions",
      kind: "counter",
      description: "Throws and rejections, by subscriber",
      rows: () => rowsBy("subscriber_name", bus.subscriberExceptionCounts()),
    },
    {
      name: "event_bus.skipped_events",
      kind: "counter",
      description: "Events that passed by an async handler with too many calls pending",
      rows: ({ skippedBySubscriber }) => rowsBy("subscriber_name", skippedBySubscriber),
    },
    {
      name: "event_bus.slow_handler_calls",
      kind: "counter",
      description:
        "Handler calls seen to hold the event loop for the drain's budget; a lower bound",
      rows: () => rowsBy("subscriber_name", bus.slowHandlerCounts()),
    },
  ];
}
