import type {
  EventSubscriber as Subscriber,
  SubscriptionContext,
} from "../library/event_subscriber.ts";
import type { AnyEvents, EventOf, EventTypeOf, Subscriptions } from "../events/event_map.ts";

/**
 * One concern (metrics, tracing, a recording …) that listens to several event types.
 *
 * - Handlers run off the publisher's stack, one event at a time, in the order of publishing, with
 *   `this` set to the subscriber.
 * - An exception or rejection of a handler is counted under `EventSubscriber.name` and does
 *   not affect others.
 * - `flush` is called by `EventBus.flush` and `stop`, `shutdown` by `stop`, once.
 *
 * @example Count what is read
 * ```ts
 * import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
 *
 * interface CacheEvents {
 *   "cache.read": { keys: string[] };
 * }
 *
 * class ReadCounter extends EventSubscriber<CacheEvents> {
 *   keys = 0;
 *   getSubscriptions(): Subscriptions<CacheEvents> {
 *     return { "cache.read": (event) => this.keys += event.metadata.keys.length };
 *   }
 * }
 *
 * const bus = new EventBus<CacheEvents>().start();
 * const counter = new ReadCounter();
 * bus.registerSubscriber(counter);
 * bus.publish("cache.read", { keys: ["a", "b"] });
 * await bus.stop();
 * if (counter.keys !== 2) throw new Error("not counted");
 * ```
 *
 * @typeParam Events The event map, or the part of it that the subscriber listens to.
 */
export abstract class EventSubscriber<Events extends object = AnyEvents>
  implements Subscriber<Events> {
  /**
   * Names the subscriber in counts and warnings. Default: the name of its class. Give it one of its
   * own where code is minified: that changes the names of classes.
   */
  readonly name: string = this.constructor.name;

  /**
   * The handlers by event type. Called once, when the subscriber is registered.
   *
   * @param context what the bus says of itself; leave it out where it is not needed
   */
  abstract getSubscriptions(context: SubscriptionContext): Subscriptions<Events>;

  /**
   * Called for every event, whatever its type, after the handlers of its type. Looked up once, when
   * the subscriber is registered.
   */
  onEvent?(event: EventOf<Events, EventTypeOf<Events>>): unknown;

  /**
   * Called at the end of each slice of the drain; looked up when the subscriber is registered. Accumulate per event and pass the result on here,
   * to make one expensive call per slice instead of one per event.
   *
   * @param sliceStartedAtMs when the slice began, on the clock of `performance.now()`; NaN if nobody
   * looked: slices of one event alone are rarely timed, as that costs more than the event
   */
  onDrain?(sliceStartedAtMs: number): void;

  /** Passes on whatever the subscriber still holds. Called by `EventBus.flush` and `stop`. */
  flush?(): void | Promise<void>;

  /**
   * Passes on, synchronously, what it can. Called by `EventBus.flushSync`, when the process is
   * about to end.
   */
  flushSync?(): void;

  /** Releases what the subscriber holds. Called once, by `EventBus.stop`, after a last `flush`. */
  shutdown?(): void | Promise<void>;
}
