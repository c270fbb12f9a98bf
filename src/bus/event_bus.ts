import type { BusEvent, PublishInit } from "../events/event.ts";
import type {
  AnyEvents,
  EventHandler,
  EventOf,
  EventTypeOf,
  Publishable,
  PublishArguments,
} from "../events/event_map.ts";
import { CONTRACT_VERSION, EVENT_BUS_BRAND } from "../library/brand.ts";
import type { BusEventListener, EventBus as Bus } from "../library/event_bus.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import type { DeadlineOptions, SubscribeOptions } from "../library/options.ts";
import type { BusDrop, BusStats, StopReport } from "../library/reports.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { createClock, guardClock, type MaybeOwnClock } from "./clock.ts";
import { resolveTimeoutMs } from "../internal/deadline.ts";
import { createDrain, type Drain } from "./drain.ts";
import { createFailures, type Failures } from "./failures.ts";
import { createIntake, type Intake } from "./intake.ts";
import { createListeners, isListener, type Listeners } from "./listeners.ts";
import { createLosses, type Losses } from "./losses.ts";
import { type EventBusOptions, resolveOptions } from "./options.ts";
import { assertFunction } from "../internal/arguments.ts";
import { monotonicMs } from "../internal/clocks.ts";
import { createRoutes, type End, type Routes, untilAborted } from "./routes.ts";
import { createSubscriberSet, type SubscriberSet } from "./subscriber_set.ts";

/** A bus, as a type; see `EventBus` of `@busbar/busbar/library`. */
export type EventBus<Events extends object = AnyEvents> = Bus<Events>;

/** How an {@linkcode EventBus} is made. */
export interface EventBusConstructor {
  /**
   * Creates a bus; it opens nothing.
   *
   * @param options See {@linkcode EventBusOptions}.
   * @throws {RangeError} if `maxQueueSize`, `drainBudgetMs` or `maxInFlight` is out of range.
   * @throws {TypeError} if another option is of the wrong type, or there is no such option.
   */
  new <Events extends object = AnyEvents>(options?: EventBusOptions): Bus<Events>;
  /** What all buses have in common. */
  readonly prototype: Bus;
}

/**
 * The class of buses. What a bus does, and what it guarantees, its type says.
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
 */
export const EventBus: EventBusConstructor = class EventBus<Events extends object = AnyEvents>
  extends EventTarget
  implements Bus<Events> {
  /** What other copies of the package know it by: the version of what they agree on. */
  readonly [EVENT_BUS_BRAND]: number = CONTRACT_VERSION;
  readonly #enabled: boolean;
  readonly #intake: Intake;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #failures: Failures;
  readonly #losses: Losses;
  readonly #routes: Routes;
  readonly #listeners: Listeners;
  readonly #drain: Drain;
  readonly #subscribers: SubscriberSet;
  /** See {@linkcode EventBusConstructor}. */
  constructor(options: EventBusOptions = {}) {
    super();
    const resolved = resolveOptions(options);
    const { enabled } = resolved;
    const clock: MaybeOwnClock | undefined = resolved.clock;
    this.#enabled = enabled;
    const failures = this.#failures = createFailures(resolved.logger);
    const userClock = clock && !clock.isOwn ? guardClock(clock, failures) : undefined;
    failures.now = userClock ?? clock ??
      createClock(() => drain.publishedMs = monotonicMs());
    const queue = this.#queue = new BoundedQueue(resolved.maxQueueSize);
    const routes = this.#routes = createRoutes();
    const losses = this.#losses = createLosses(failures, this);
    const subscribers = this.#subscribers = createSubscriberSet(routes, failures);
    this.#listeners = createListeners(this, routes, failures);
    const drain = this.#drain = createDrain(
      resolved,
      userClock,
      queue,
      routes,
      failures,
      losses,
      subscribers,
    );
    this.#intake = createIntake(
      resolved,
      userClock,
      queue,
      drain,
      losses,
      subscribers,
      failures,
    );
  }

  publish<Type extends EventTypeOf<Events>>(
    type: Type & Publishable<Type>,
    ...rest: PublishArguments<Events[Type]>
  ): boolean;
  publish(type: string, metadata?: unknown, init?: PublishInit): boolean {
    return this.#intake.publish(type, metadata, init);
  }

  subscribe<Type extends EventTypeOf<Events>>(
    type: Type,
    handler: EventHandler<EventOf<Events, Type>>,
    options?: SubscribeOptions,
  ): Disposable {
    return this.#subscribe(type, handler as EventHandler, options);
  }

  subscribeAll(
    // `name` is every function's own. It stands here because TypeScript compares bare function types
    // more strictly than others: without it, a bus of an application's events could not be passed to
    // a library that knows only some of them.
    handler: { (event: EventOf<Events, EventTypeOf<Events>>): unknown; readonly name: string },
    options?: SubscribeOptions,
  ): Disposable {
    return this.#subscribe(undefined, handler as EventHandler, options);
  }

  #subscribe(
    type: string | undefined,
    handler: EventHandler,
    options?: SubscribeOptions,
  ): Disposable {
    assertFunction("subscribe EventBus", "handler", handler);
    return this.#add(() => this.#routes.add(type, handler), options);
  }

  registerSubscriber(
    subscriber: EventSubscriber<Events>,
    options?: SubscribeOptions,
  ): Disposable {
    return this.#add(() => this.#subscribers.add(subscriber as EventSubscriber), options);
  }

  /** Adds something, unless the bus is disabled or the signal has aborted. */
  #add(add: () => End, { signal }: SubscribeOptions = {}): Disposable {
    const isAdded = this.#enabled && !signal?.aborted;
    return { [Symbol.dispose]: isAdded ? untilAborted(signal, add()) : () => {} };
  }

  hasSubscribers(type: EventTypeOf<Events>): boolean {
    return this.#enabled && this.#routes.of(type).length > 0;
  }

  override addEventListener<Type extends EventTypeOf<Events> | "bus:drop">(
    type: Type,
    listener: BusEventListener<
      Type extends "bus:drop" ? BusDrop : Type extends EventTypeOf<Events> ? EventOf<Events, Type>
      : never
    >,
    options?: boolean | AddEventListenerOptions,
  ): void;
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

  start(): this {
    this.#intake.start();
    return this;
  }

  flush(options: DeadlineOptions = {}): Promise<boolean> {
    return this.#intake.flush(options);
  }

  flushSync(options: DeadlineOptions = {}): boolean {
    const startedAt = monotonicMs();
    const until = startedAt + resolveTimeoutMs("flush EventBus", options);
    // A call at a time: each may take long.
    while (monotonicMs() <= until && this.#drain.next(1) > 0);
    this.#drain.onDrain(startedAt);
    this.#subscribers.flushSync();
    return this.#drain.isIdle();
  }

  stop(options: DeadlineOptions = {}): Promise<StopReport> {
    return this.#intake.stop(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get queueDepth(): number {
    return this.#queue.size;
  }

  get maxQueueSize(): number {
    return this.#queue.limit;
  }

  get oldestEventLagMs(): number {
    const oldest = this.#queue.oldestStamped();
    return oldest ? Math.max(0, this.#failures.now() - oldest.timestamp) : 0;
  }

  get droppedEventsCount(): number {
    return this.#losses.droppedEventsCount();
  }

  subscriberExceptionCounts(): Record<string, number> {
    return this.#failures.counts.toRecord();
  }

  slowHandlerCounts(): Record<string, number> {
    return this.#drain.slow.toRecord();
  }

  stats(): BusStats {
    const losses = this.#losses;
    const accepted = this.#queue.pushed;
    return {
      published: accepted + losses.total() - losses.dropped(),
      accepted,
      delivered: this.#intake.delivered(),
      pending: accepted - this.#drain.settled(),
      ...losses.counts(),
      skippedBySubscriber: this.#drain.skipped.toRecord(),
    };
  }
};
