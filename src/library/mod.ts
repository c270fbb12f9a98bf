/**
 * What a library imports that publishes: the process-wide bus, and the types. Until the application
 * sets a bus, with `initEventBus` or `setEventBus` of `@busbar/busbar`, it is a disabled one, whose
 * `publish` returns `false` and does nothing. The bus itself is not imported: this entry point costs a
 * bundle less than 600 bytes.
 *
 * @example
 * ```ts
 * import { getEventBus } from "@busbar/busbar/library";
 *
 * interface CacheEvents {
 *   "cache.read": { key: string; hit: boolean };
 * }
 *
 * export function read(key: string): void {
 *   getEventBus<CacheEvents>().publish("cache.read", { key, hit: false });
 * }
 * read("a");
 * ```
 *
 * @module
 */
export type { BusEvent, EventContext, PublishInit } from "../events/event.ts";
export type {
  AnyEvents,
  EventHandler,
  EventOf,
  EventTypeOf,
  Publishable,
  PublishArguments,
  Subscriptions,
} from "../events/event_map.ts";
export type { BusEventListener, EventBus } from "./event_bus.ts";
export type { EventSubscriber, SubscriptionContext } from "./event_subscriber.ts";
export type { DeadlineOptions, SubscribeOptions } from "./options.ts";
export type {
  BusDrop,
  BusStats,
  DropReason,
  LossCounts,
  RejectReason,
  StopReport,
} from "./reports.ts";
export { getEventBus } from "./get_event_bus.ts";
