import type { BusEvent, PublishInit } from "../events/event.ts";
import type {
  AnyEvents,
  EventHandler,
  EventOf,
  EventTypeOf,
  Publishable,
  PublishArguments,
} from "../events/event_map.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { createClock, guardClock } from "./clock.ts";
import { type DeadlineOptions, resolveTimeoutMs } from "../internal/deadline.ts";
import { Drain } from "./drain.ts";
import type { EventSubscriber } from "./event_subscriber.ts";
import { Failures } from "./failures.ts";
import { Lifecycle, type StopReport } from "./lifecycle.ts";
import { isListener, Listeners } from "./listeners.ts";
import { type BusDrop, Losses, type RejectReason } from "./losses.ts";
import { type EventBusOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { assertFunction } from "../internal/arguments.ts";
import { type End, Routes, untilAborted } from "./routes.ts";
import type { BusStats } from "./stats.ts";
import { SubscriberSet } from "./subscriber_set.ts";

/** The options of a subscription. */
export interface SubscribeOptions {
  /** Ends the subscription when it aborts; if it has already, there is none. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** A listener for `addEventListener`: a function, or an object with `handleEvent`. */
export type BusEventListener<Detail> =
  | ((event: CustomEvent<Detail>) => unknown)
  | { handleEvent(event: CustomEvent<Detail>): unknown };

const disposable = (end: End): Disposable => ({ [Symbol.dispose]: end });
const NOTHING = disposable(() => {});

/**
 * A bounded, in-process event bus: `publish` queues an event, and handlers run later, off its call
 * stack.
 *
 * - **Order**: first in, first out.
 * - **Loss**: only by the overflow policy, after `EventBus.stop`, or for a reserved event
 *   type. Each loss is counted in `EventBus.stats`, and losses are logged.
 * - **Isolation**: a handler that throws or rejects is counted and does not affect others.
 * - **Delay**: the bus holds one turn of the event loop for `drainBudgetMs`; then timers and I/O
 *   get their turn. It checks the clock after every event while handlers are slow, and at least
 *   every 32 events while they are fast, so it can exceed the budget by that much.
 * - **Memory**: the length of the queue is strictly bounded.
 *
 * The constructor opens nothing. Events published before `EventBus.start` wait in the queue.
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
export class EventBus<Events extends object = AnyEvents> extends EventTarget
  implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #now: () => number;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #failures: Failures;
  readonly #losses: Losses;
  readonly #routes = new Routes();
  readonly #listeners: Listeners;
  readonly #drain: Drain;
  readonly #subscribers: SubscriberSet;
  readonly #lifecycle: Lifecycle;

  /**
   * Creates a bus; it opens nothing.
   *
   * @param options See {@linkcode EventBusOptions}.
   * @throws {RangeError} if `maxQueueSize`, `drainBudgetMs` or `maxInFlight` is out of range.
   * @throws {TypeError} if another option is of the wrong type, or there is no such option.
   */
  constructor(options: EventBusOptions = {}) {
    super();
    const { enabled, clock, logger, maxQueueSize, maxInFlight, drainBudgetMs } = this.#options =
      resolveOptions(options);
    const failures = this.#failures = new Failures(logger);
    const userClock = clock && guardClock(clock, failures);
    this.#now = userClock ?? createClock();
    this.#queue = new BoundedQueue(maxQueueSize);
    this.#losses = new Losses(this.#now, failures, this);
    this.#listeners = new Listeners(this, this.#routes, failures);
    this.#subscribers = new SubscriberSet(this.#routes, failures);
    this.#drain = new Drain({
      queue: this.#queue,
      routes: this.#routes,
      failures,
      budgetMs: drainBudgetMs,
      maxInFlight,
      userClock: userClock ?? (() => 0),
      onSliceEnd: (sliceStartedAtMs) => this.#lifecycle.endSlice(sliceStartedAtMs),
    });
    this.#lifecycle = new Lifecycle(enabled, {
      queue: this.#queue,
      drain: this.#drain,
      losses: this.#losses,
      failures,
      subscribers: this.#subscribers,
    });
  }

  /**
   * Queues one event. It never throws, never blocks and runs no handler on the caller's stack.
   *
   * Only with the overflow policy `"inline"` may it dispatch queued events itself, when the queue
   * is full.
   *
   * @param type The event type. Types beginning with `bus:` are reserved and rejected.
   * @param rest The metadata, which is kept by reference and must not be changed afterwards, and an
   * optional session, timestamp and traceparent (see {@linkcode PublishInit}).
   * @returns whether the event was accepted; `false` is counted in `EventBus.stats`,
   * except on a disabled bus
   */
  publish<Type extends EventTypeOf<Events>>(
    type: Type & Publishable<Type>,
    ...rest: PublishArguments<Events[Type]>
  ): boolean;
  publish(type: string, metadata?: unknown, init?: PublishInit): boolean {
    // A disabled bus is never open.
    if (!this.#lifecycle.open) return this.#reject("stopped", type);
    // A type that is no string can come from untyped code only; it is nobody's, and must not throw.
    if (typeof type !== "string" || type.startsWith("bus:")) return this.#reject("reserved", type);
    if (this.#queue.full && !this.#makeRoom()) return this.#reject("queue_full", type);

    const given = init?.timestamp;
    const ownTimestamp = given !== undefined && Number.isFinite(given);
    const event: BusEvent = {
      type,
      timestamp: ownTimestamp ? given : this.#now(),
      metadata,
      sessionId: init?.sessionId ?? "",
      traceparent: init?.traceparent,
    };
    this.#queue.push(event, ownTimestamp);
    this.#drain.wake();
    return true;
  }

  /**
   * Calls `handler` for each event of `type`.
   *
   * @returns a disposable that ends the subscription, as does `signal`. Subscribing the same
   * handler twice makes two subscriptions.
   */
  subscribe<Type extends EventTypeOf<Events>>(
    type: Type,
    handler: EventHandler<EventOf<Events, Type>>,
    options: SubscribeOptions = {},
  ): Disposable {
    return this.#subscribe(type, handler as EventHandler, options.signal);
  }

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
    options: SubscribeOptions = {},
  ): Disposable {
    return this.#subscribe(undefined, handler as EventHandler, options.signal);
  }

  #subscribe(type: string | undefined, handler: EventHandler, signal?: AbortSignal): Disposable {
    assertFunction("subscribe EventBus", "handler", handler);
    if (!this.enabled || signal?.aborted) return NOTHING;
    return disposable(untilAborted(signal, this.#routes.add(type, handler)));
  }

  /**
   * Subscribes a subscriber's handlers. Registering it again has no effect.
   *
   * @returns a disposable that unregisters it, without shutting it down, as does `signal`
   */
  registerSubscriber(
    subscriber: EventSubscriber<Events>,
    { signal }: SubscribeOptions = {},
  ): Disposable {
    if (!this.enabled || signal?.aborted) return NOTHING;
    return disposable(
      untilAborted(signal, this.#subscribers.add(subscriber as EventSubscriber)),
    );
  }

  /**
   * Whether an event of `type` has any subscribers, including those to all events and listeners.
   * Check it before building expensive metadata. Always `false` on a disabled bus.
   */
  hasSubscribers(type: EventTypeOf<Events>): boolean {
    return this.enabled && this.#routes.of(type).length > 0;
  }

  /**
   * As on any EventTarget. The listener receives a `CustomEvent` whose `detail` is the event's
   * record. A listener that throws or rejects is isolated and counted.
   */
  override addEventListener<Type extends EventTypeOf<Events> | "bus:drop">(
    type: Type,
    listener: BusEventListener<
      Type extends "bus:drop" ? BusDrop : Type extends EventTypeOf<Events> ? EventOf<Events, Type>
      : never
    >,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As on any EventTarget, for events that are not in the event map. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- the overloads above say what it takes
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    if (isListener(listener)) this.#listeners.add(`${type}`, listener, options);
    else super.addEventListener(type, listener, options);
  }

  /** As on any EventTarget. */
  override removeEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- whatever addEventListener takes
    listener: any,
    options?: boolean | EventListenerOptions,
  ): void {
    if (isListener(listener)) this.#listeners.find(`${type}`, listener, options)?.end();
    else super.removeEventListener(type, listener, options);
  }

  /** Starts the drain. On a bus that is stopping, it takes effect once it has stopped. */
  start(): this {
    this.#lifecycle.start();
    return this;
  }

  /**
   * Resolves when everything published before the call has been dispatched, its async handlers
   * have settled and the subscribers' `flush` is done. Also drains a bus that was never started.
   *
   * Called from a handler, it does not wait for that handler. It never rejects.
   *
   * @returns `false` if the timeout was reached first
   * @throws {RangeError} synchronously, if `timeoutMs` is not a number of at least 0
   */
  flush(options: DeadlineOptions = {}): Promise<boolean> {
    return this.#lifecycle.settle(resolveTimeoutMs("flush EventBus", options), options.signal);
  }

  /**
   * Dispatches everything queued, synchronously on the caller's stack, and calls `onDrain` and
   * `flushSync` of the subscribers that have them. It is meant for a process that is about to end
   * and can no longer await anything; `@busbar/busbar/exit` calls it then. Async handlers are
   * called but not awaited.
   *
   * @returns whether the queue is empty; `false` if the timeout was reached first
   * @throws {RangeError} if `timeoutMs` is not a number of at least 0
   */
  flushSync(options: DeadlineOptions = {}): boolean {
    const startedAt = performance.now();
    const until = startedAt + resolveTimeoutMs("flush EventBus", options);
    while (performance.now() <= until && this.#drain.next());
    this.#lifecycle.endSlice(startedAt);
    this.#subscribers.call("flushSync", startedAt);
    return this.#queue.size === 0;
  }

  /**
   * Drains the queue, flushes, shuts down and unregisters every EventSubscriber. From the call on,
   * every `publish` is rejected as `stopped`; events still queued at the timeout are dropped as
   * `shutdown`. Bare handlers and listeners stay subscribed. Concurrent calls share one result. It
   * never rejects.
   *
   * @throws {RangeError} synchronously, if `timeoutMs` is not a number of at least 0
   */
  stop(options: DeadlineOptions = {}): Promise<StopReport> {
    const timeoutMs = resolveTimeoutMs("stop EventBus", options);
    return this.#lifecycle.stop(timeoutMs, options.signal);
  }

  /** Stops the bus at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Whether the bus is enabled; a disabled one accepts no events. */
  get enabled(): boolean {
    return this.#options.enabled;
  }

  /** How many events wait. */
  get queueDepth(): number {
    return this.#queue.size;
  }

  /** How many events may wait. */
  get maxQueueSize(): number {
    return this.#queue.limit;
  }

  /**
   * How long the oldest queued event has waited, in milliseconds; 0 if none waits. Events published
   * with their own timestamp are ignored, because it does not show how long they waited.
   */
  get oldestEventLagMs(): number {
    const oldest = this.#queue.oldestStamped();
    return oldest ? Math.max(0, this.#now() - oldest.timestamp) : 0;
  }

  /** Events lost: rejected by a full queue, evicted, or left over at a `stop`. */
  get droppedEventsCount(): number {
    return this.#losses.lostCount;
  }

  /** A copy of how often each subscriber or handler failed, by name. */
  subscriberExceptionCounts(): Record<string, number> {
    return this.#failures.counts.toRecord();
  }

  /**
   * A copy of how often a handler was observed to hold the event loop for `drainBudgetMs` or
   * longer, by name. Handlers are timed only once that has happened, so it is a lower bound.
   */
  slowHandlerCounts(): Record<string, number> {
    return this.#drain.slow.toRecord();
  }

  /** The loss ledger, exact at every moment; a copy. */
  stats(): BusStats {
    const { total, dropped } = this.#losses;
    const accepted = this.#queue.pushed;
    return {
      published: accepted + total - dropped,
      accepted,
      delivered: this.#lifecycle.delivered,
      pending: accepted - this.#drain.settled,
      ...this.#losses.counts(),
      skippedBySubscriber: this.#drain.skipped.toRecord(),
    };
  }

  #reject(reason: RejectReason, type: string): false {
    if (this.enabled) this.#losses.add(reason, type);
    return false;
  }

  /** Applies the overflow policy. @returns whether the new event may be queued */
  #makeRoom(): boolean {
    const { overflow } = this.#options;
    if (overflow === "drop-oldest") {
      this.#losses.add("evicted", (this.#queue.shift() as BusEvent).type);
    } else if (overflow === "inline" && this.#lifecycle.started && !this.#drain.running) {
      this.#drain.runNow();
    }
    // A handler that ran inline may have stopped the bus or filled the queue again.
    return this.#lifecycle.open && !this.#queue.full;
  }
}
