import type {
  AnyEvents,
  EventHandler,
  EventOf,
  EventTypeOf,
  Publishable,
  PublishArguments,
} from "../events/event_map.ts";
import type { BusEvent } from "../events/event.ts";
import type { EventSubscriber } from "./event_subscriber.ts";
import type { DeadlineOptions, SubscribeOptions } from "./options.ts";
import type { BusDrop, BusStats, StopReport } from "./reports.ts";

/** A listener for `addEventListener`: a function, or an object with `handleEvent`. */
export type BusEventListener<Detail> =
  | ((event: CustomEvent<Detail>) => unknown)
  | { handleEvent(event: CustomEvent<Detail>): unknown };

/**
 * A bounded, in-process event bus: `publish` queues an event, and handlers run later, off its call
 * stack.
 *
 * - **Order**: first in, first out.
 * - **Loss**: only by the overflow policy, after `EventBus.stop`, or for a reserved event
 *   type. Each loss is counted in `EventBus.stats`, and losses are logged.
 * - **Isolation**: a handler that throws or rejects is counted and does not affect others.
 * - **Delay**: the bus holds one turn of the event loop for `drainBudgetMs`; then timers and I/O
 *   get their turn. It looks at the clock after every call while handlers are slow, and at least every
 *   32 calls while they are fast, so it can exceed the budget by that much.
 * - **Context**: handlers, subscribers and the logger run in the async context (`AsyncLocalStorage`)
 *   of the module's evaluation and not in a publisher's, except under the policy `"inline"`, in
 *   `dispatchEvent` and in `flushSync`. On workerd they run in that of some request.
 * - **Memory**: the length of the queue is strictly bounded.
 *
 * The constructor opens nothing. Events published before `EventBus.start` wait in the queue.
 *
 * The type has no private part: a bus of another copy of the package, such as one that a library
 * brings along, fits wherever one is taken.
 *
 * @example Publish and subscribe
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 *
 * interface CacheEvents {
 *   "cache.read": { keys: string[] };
 * }
 *
 * await using bus = new EventBus<CacheEvents>().start();
 * let keys = 0;
 * bus.subscribe("cache.read", (event) => keys += event.metadata.keys.length);
 * bus.publish("cache.read", { keys: ["a", "b"] });
 * await bus.flush();
 * if (keys !== 2) throw new Error("not delivered");
 * ```
 *
 * @typeParam Events The event map: an interface from event type to metadata. Without one, any type
 * and any metadata are accepted.
 */
// TypeScript compares the buses of two copies member by member. It sees in a mapped type, though not
// in a conditional one, that a bus of more events fits where one of fewer is taken.
export interface EventBus<Events extends object = AnyEvents> extends EventTarget, AsyncDisposable {
  /**
   * For the compiler alone, and never there: what it infers the event map from where a function takes a
   * bus of another copy of the package.
   */
  "~events"?(events: Events): void;
  /** Whether the bus is enabled; a disabled one accepts no events. */
  readonly enabled: boolean;
  /** How many events wait. */
  readonly queueDepth: number;
  /** How many events may wait. */
  readonly maxQueueSize: number;
  /**
   * How long the oldest queued event has waited, in milliseconds; 0 if none waits. Events published
   * with their own timestamp are ignored, because it does not show how long they waited.
   */
  readonly oldestEventLagMs: number;
  /** Events lost: rejected by a full queue, evicted, or left over at a `stop`. */
  readonly droppedEventsCount: number;
  /**
   * Queues one event. It never throws, never blocks and runs no handler on the caller's stack.
   *
   * Only with the overflow policy `"inline"` may it dispatch queued events itself, when the queue
   * is full.
   *
   * @param type The event type. Types beginning with `bus:` are reserved and rejected.
   * @param rest The metadata, which is kept by reference and must not be changed afterwards, and an
   * optional session, operation, timestamp, traceparent and tracestate (see {@linkcode PublishInit}).
   * @returns whether the event was accepted; `false` is counted in `EventBus.stats`,
   * except on a disabled bus
   */
  publish<Type extends EventTypeOf<Events>>(
    type: Type & Publishable<Type>,
    ...rest: { [Each in EventTypeOf<Events>]: PublishArguments<Events[Each]> }[Type]
  ): boolean;
  /**
   * Calls `handler` for each event of `type`.
   *
   * @returns a disposable that ends the subscription, as does `signal`. Subscribing the same handler
   * twice makes two subscriptions.
   */
  subscribe<Type extends EventTypeOf<Events>>(
    type: Type,
    handler: EventHandler<{ [Each in EventTypeOf<Events>]: BusEvent<Each, Events[Each]> }[Type]>,
    options?: SubscribeOptions,
  ): Disposable;
  /**
   * Calls `handler` for every event, after the handlers of its type.
   *
   * @returns a disposable that ends the subscription, as does `signal`
   */
  subscribeAll(
    // `name` is every function's own. It stands here because TypeScript compares bare function types
    // more strictly than others: without it, a bus of an application's events could not be passed to
    // a library that knows only some of them.
    handler: { (event: EventOf<Events, EventTypeOf<Events>>): unknown; readonly name: string },
    options?: SubscribeOptions,
  ): Disposable;
  /**
   * Subscribes a subscriber's handlers. Registering it again has no effect.
   *
   * @returns a disposable that unregisters it, without shutting it down, as does `signal`
   */
  registerSubscriber(
    subscriber: EventSubscriber<Events>,
    options?: SubscribeOptions,
  ): Disposable;
  /**
   * Whether an event of `type` has any subscribers, including those to all events and listeners. Check
   * it before building expensive metadata. Always `false` on a disabled bus.
   */
  hasSubscribers(type: EventTypeOf<Events>): boolean;
  /**
   * As on any EventTarget. The listener receives a `CustomEvent` whose `detail` is the event's record.
   * A listener that throws or rejects is isolated and counted.
   */
  addEventListener<Type extends EventTypeOf<Events> | "bus:drop">(
    type: Type,
    listener: BusEventListener<
      Type extends "bus:drop" ? BusDrop : Type extends EventTypeOf<Events> ? EventOf<Events, Type>
      : never
    >,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As on any EventTarget, for events that are not in the event map. */
  addEventListener(
    type: string,
    listener: ((event: Event) => unknown) | { handleEvent(event: Event): unknown } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Starts the drain. On a bus that is stopping, it takes effect once it has stopped. */
  start(): this;
  /**
   * Resolves when everything published before the call has been dispatched, its async handlers
   * have settled and the subscribers' `flush` is done. Also drains a bus that was never started.
   *
   * Called from a handler, it does not wait for that handler. It never rejects.
   *
   * @returns `false` if the timeout was reached first
   * @throws {RangeError} synchronously, if `timeoutMs` is not a number of at least 0
   */
  flush(options?: DeadlineOptions): Promise<boolean>;
  /**
   * Dispatches everything queued, synchronously on the caller's stack, and calls `onDrain` and
   * `flushSync` of the subscribers that have them. It is meant for a process that is about to end and
   * can no longer await anything; `@busbar/busbar/exit` calls it then. Async handlers are called but
   * not awaited.
   *
   * @returns whether the queue is empty; `false` if the timeout was reached first
   * @throws {RangeError} if `timeoutMs` is not a number of at least 0
   */
  flushSync(options?: DeadlineOptions): boolean;
  /**
   * Drains the queue, flushes, shuts down and unregisters every EventSubscriber. From the call on,
   * every `publish` is rejected as `stopped`; events still queued at the timeout are dropped as
   * `shutdown`. Bare handlers and listeners stay subscribed. Concurrent calls share one result. It
   * never rejects.
   *
   * @throws {RangeError} synchronously, if `timeoutMs` is not a number of at least 0
   */
  stop(options?: DeadlineOptions): Promise<StopReport>;
  /** A copy of how often each subscriber or handler failed, by name. */
  subscriberExceptionCounts(): Record<string, number>;
  /**
   * A copy of how often a handler was observed to hold the event loop for `drainBudgetMs` or longer, by
   * name. Calls are timed one by one only once some have taken that long, so it is a lower bound.
   */
  slowHandlerCounts(): Record<string, number>;
  /** The loss ledger, exact at every moment; a copy. */
  stats(): BusStats;
  /** Stops the bus at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}
