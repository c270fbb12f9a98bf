/**
 * Busbar's core: an in-process event bus that keeps observability off the hot path.
 *
 * A producer calls `publish` and carries on. Subscribers run later, in short slices between which
 * the event loop is free. The queue in between is bounded, and every lost event is counted.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 *
 * await using bus = new EventBus<{ "job.done": { ms: number } }>().start();
 * bus.subscribe("job.done", (event) => console.log(event.metadata.ms));
 * bus.publish("job.done", { ms: 12 });
 * ```
 *
 * What is built on it has entry points of its own:
 *
 * - `@busbar/busbar/observability`: metrics, spans and log records in one call;
 * - `@busbar/busbar/catalog`: declares which of them events become;
 * - `@busbar/busbar/subscribers`, `@busbar/busbar/otel`, `@busbar/busbar/http`: the parts of it;
 * - `@busbar/busbar/library`: what a library imports that publishes;
 * - `@busbar/busbar/exit`: delivers queued events when the process ends;
 * - `@busbar/busbar/kv-cache`: the events of a key-value cache server;
 * - `@busbar/busbar/generate`: documents, a dashboard and alerts from a catalog;
 * - `@busbar/busbar/testing`: fakes for tests.
 *
 * @module
 */
export type { BusEvent, EventContext, PublishInit } from "./src/events/event.ts";
export type {
  AnyEvents,
  EventHandler,
  EventOf,
  EventTypeOf,
  Publishable,
  PublishArguments,
  Subscriptions,
} from "./src/events/event_map.ts";
export { EventBus, type EventBusConstructor } from "./src/bus/event_bus.ts";
export { burstClock } from "./src/bus/clock.ts";
export { EventSubscriber } from "./src/bus/event_subscriber.ts";
export { DEFAULT_EVENT_BUS_OPTIONS, MAX_QUEUE_SIZE_LIMIT } from "./src/bus/options.ts";
export type { EventBusOptions, OverflowPolicy } from "./src/bus/options.ts";
export type { Logger } from "./src/internal/logger.ts";
export {
  getEventBus,
  initEventBus,
  isObservabilityEnabled,
  setEventBus,
} from "./src/bus/global_bus.ts";
export type { BusEventListener } from "./src/library/event_bus.ts";
export type { SubscriptionContext } from "./src/library/event_subscriber.ts";
export type { DeadlineOptions, SubscribeOptions } from "./src/library/options.ts";
export type {
  BusDrop,
  BusStats,
  DropReason,
  LossCounts,
  RejectReason,
  StopReport,
} from "./src/library/reports.ts";
