import { CONTRACT_VERSION, EVENT_BUS_BRAND } from "./brand.ts";
import type { EventBus } from "./event_bus.ts";
import type { BusStats, StopReport } from "./reports.ts";

const subscribeToNothing = (): Disposable => ({ [Symbol.dispose]() {} });
const countNothing = (): Record<string, number> => ({});
const refuse = () => false;

/** The bus of a program that has set none: it accepts, counts, calls and starts nothing. */
export function createDisabledBus(): EventBus {
  const bus: EventTarget = Object.assign(new EventTarget(), {
    [EVENT_BUS_BRAND]: CONTRACT_VERSION,
    enabled: false,
    queueDepth: 0,
    maxQueueSize: 0,
    oldestEventLagMs: 0,
    droppedEventsCount: 0,
    publish: refuse,
    hasSubscribers: refuse,
    subscribe: subscribeToNothing,
    subscribeAll: subscribeToNothing,
    registerSubscriber: subscribeToNothing,
    subscriberExceptionCounts: countNothing,
    slowHandlerCounts: countNothing,
    start: () => bus as EventBus,
    flush: async () => await true,
    flushSync: () => true,
    stop: async (): Promise<StopReport> =>
      await { delivered: 0, dropped: 0, leftOver: 0, failures: 0, timedOut: false },
    [Symbol.asyncDispose]: async () => {},
    stats: (): BusStats => ({
      published: 0,
      accepted: 0,
      delivered: 0,
      pending: 0,
      rejected: { queue_full: 0, stopped: 0, reserved: 0 },
      dropped: { evicted: 0, shutdown: 0 },
      lostByType: {},
      skippedBySubscriber: {},
    }),
  });
  return bus as EventBus;
}
