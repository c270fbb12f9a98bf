import type { BusEvent, EventContext, PublishInit } from "../events/event.ts";
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
import { createClock, guardClock } from "./clock.ts";
import { Deadline, resolveTimeoutMs } from "../internal/deadline.ts";
import { Drain } from "./drain.ts";
import { Failures } from "./failures.ts";
import { Lifecycle } from "./lifecycle.ts";
import { isListener, Listeners } from "./listeners.ts";
import { Losses } from "./losses.ts";
import { type EventBusOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { assertFunction, format } from "../internal/arguments.ts";
import { monotonicMs, wallMs } from "../internal/clocks.ts";
import { markEcho } from "../internal/reporting.ts";
import { MAX_TIME_MS } from "../internal/tuning.ts";
import { type End, Routes, untilAborted } from "./routes.ts";
import { SubscriberSet } from "./subscriber_set.ts";

/** A record while it is made. */
type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };

/** Takes over what is given and not known yet. */
function takeOver(event: Writable<BusEvent>, given: EventContext): void {
  event.sessionId ||= given.sessionId ?? "";
  event.operationId ||= given.operationId ?? "";
  event.traceparent ??= given.traceparent;
  event.tracestate ??= given.tracestate;
}

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
  readonly #options: ResolvedOptions;
  readonly #now: () => number;
  /** Whether a publish calls code that is not the bus's own. */
  readonly #isForeign: boolean;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #failures: Failures;
  readonly #losses: Losses;
  readonly #routes: Routes;
  readonly #listeners: Listeners;
  readonly #drain: Drain;
  readonly #subscribers: SubscriberSet;
  readonly #lifecycle: Lifecycle;
  /** See {@linkcode EventBusConstructor}. */
  constructor(options: EventBusOptions = {}) {
    super();
    this.#options = resolveOptions(options);
    const { clock, context, logger, maxQueueSize } = this.#options;
    const failures = this.#failures = new Failures(logger);
    this.#now = failures.now = clock
      ? guardClock(clock, failures)
      : createClock({ wallMs, monotonicMs: () => this.#drain.publishedMs = monotonicMs() });
    this.#isForeign = Boolean(clock ?? context);
    const queue = this.#queue = new BoundedQueue(maxQueueSize);
    const routes = this.#routes = new Routes();
    const losses = this.#losses = new Losses(failures, this);
    const subscribers = this.#subscribers = new SubscriberSet(routes, failures);
    this.#listeners = new Listeners(this, routes, failures);
    const drain = this.#drain = new Drain(
      this.#options,
      queue,
      routes,
      failures,
      losses,
      subscribers,
    );
    this.#lifecycle = new Lifecycle(this.enabled, queue, drain, losses, subscribers, failures);
  }

  publish<Type extends EventTypeOf<Events>>(
    type: Type & Publishable<Type>,
    ...rest: PublishArguments<Events[Type]>
  ): boolean;
  publish(type: string, metadata?: unknown, init?: PublishInit): boolean {
    if (this.#refuses(type)) return false;
    // Always of the same shape, with a time that is no integer from the beginning.
    const event: Writable<BusEvent> = {
      type,
      timestamp: NaN,
      metadata,
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    };
    const isForeign = this.#isForeign || init !== undefined;
    const ownTimestamp = isForeign && this.#read(event, init);
    if (!ownTimestamp) event.timestamp = this.#now();
    // What was asked for all this may have published, or stopped the bus.
    if (isForeign && this.#refuses(type)) return false;
    markEcho(event);
    this.#queue.push(event, ownTimestamp);
    this.#drain.wake();
    return true;
  }

  /** Whether an event of that type cannot be queued now, which is counted then. */
  #refuses(type: unknown): boolean {
    const reason = !this.#lifecycle.open
      // A disabled bus is never open.
      ? "stopped"
      // A type that is no string can come from untyped code only; it is nobody's, and must not throw.
      : typeof type !== "string" || type.startsWith("bus:")
      ? "reserved"
      : this.#queue.full && !this.#makeRoom()
      ? "queue_full"
      : undefined;
    if (reason === undefined) return false;
    if (this.enabled) this.#losses.add(reason, type);
    return true;
  }

  /**
   * Takes over what the caller says of an event, and what the bus's context says beyond that.
   *
   * @returns whether the caller says when it happened
   */
  #read(event: Writable<BusEvent>, init: PublishInit | undefined): boolean {
    let what = "(publisher)";
    let isTime = false;
    try {
      if (init) {
        takeOver(event, init);
        const given = init.timestamp ?? undefined;
        // A number, or what is one for the asking, as a Date is.
        const timeMs = typeof given === "object" ? Number(given) : given;
        isTime = typeof timeMs === "number" && Math.abs(timeMs) <= MAX_TIME_MS;
        if (isTime) event.timestamp = timeMs as number;
        else if (given !== undefined) {
          this.#failures.count(
            "(timestamp)",
            `publishing ${event.type}`,
            `${format(given)} is no time`,
          );
        }
      }
      what = "(context)";
      const context = this.#options.context?.();
      if (context) takeOver(event, context);
    } catch (error) {
      this.#failures.count(what, `publishing ${event.type}`, error);
    }
    return isTime;
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
    const isAdded = this.enabled && !signal?.aborted;
    return { [Symbol.dispose]: isAdded ? untilAborted(signal, add()) : () => {} };
  }

  hasSubscribers(type: EventTypeOf<Events>): boolean {
    return this.enabled && this.#routes.of(type).length > 0;
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
    this.#lifecycle.start();
    return this;
  }

  flush(options: DeadlineOptions = {}): Promise<boolean> {
    const timeoutMs = resolveTimeoutMs("flush EventBus", options);
    return this.#lifecycle.flush(new Deadline(timeoutMs, options.signal));
  }

  flushSync(options: DeadlineOptions = {}): boolean {
    const startedAt = monotonicMs();
    const until = startedAt + resolveTimeoutMs("flush EventBus", options);
    // A call at a time: each may take long.
    while (monotonicMs() <= until && this.#drain.next(1) > 0);
    this.#drain.onDrain(startedAt);
    this.#subscribers.flushSync();
    return this.#drain.idle;
  }

  stop(options: DeadlineOptions = {}): Promise<StopReport> {
    const timeoutMs = resolveTimeoutMs("stop EventBus", options);
    return this.#lifecycle.stop(timeoutMs, options.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get enabled(): boolean {
    return this.#options.enabled;
  }

  get queueDepth(): number {
    return this.#queue.size;
  }

  get maxQueueSize(): number {
    return this.#queue.limit;
  }

  get oldestEventLagMs(): number {
    const oldest = this.#queue.oldestStamped();
    return oldest ? Math.max(0, this.#now() - oldest.timestamp) : 0;
  }

  get droppedEventsCount(): number {
    return this.#losses.droppedEventsCount;
  }

  subscriberExceptionCounts(): Record<string, number> {
    return this.#failures.counts.toRecord();
  }

  slowHandlerCounts(): Record<string, number> {
    return this.#drain.slow.toRecord();
  }

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
};
