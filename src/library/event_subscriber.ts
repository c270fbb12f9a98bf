import type { AnyEvents, EventOf, EventTypeOf, Subscriptions } from "../events/event_map.ts";

/** What a bus tells a subscriber that is registered with it. */
export interface SubscriptionContext {
  /** The bus's clock, in milliseconds since the epoch; it does not throw. */
  readonly now: () => number;
}

/**
 * What a bus asks of a subscriber. Extend `EventSubscriber`, which says when each method is called, or
 * give an object of your own: a bus takes both, also from another copy of the package.
 *
 * @typeParam Events The event map, or the part of it that the subscriber listens to.
 */
export interface EventSubscriber<Events extends object = AnyEvents> {
  /** Names the subscriber in counts and warnings. */
  readonly name: string;
  /** The handlers by event type. */
  getSubscriptions(context: SubscriptionContext): Subscriptions<Events>;
  /** Called for every event, after the handlers of its type. */
  onEvent?(event: EventOf<Events, EventTypeOf<Events>>): unknown;
  /** Called at the end of each slice of the drain. */
  onDrain?(sliceStartedAtMs: number): void;
  /** Passes on whatever the subscriber still holds. */
  flush?(): void | Promise<void>;
  /** Passes on, synchronously, what it can. */
  flushSync?(): void;
  /** Releases what the subscriber holds. */
  shutdown?(): void | Promise<void>;
}
