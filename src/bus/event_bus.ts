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
import { Deadline } from "./deadline.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Drain } from "./drain.ts";
import type { EventSubscriber } from "./event_subscriber.ts";
import { Failures } from "./failures.ts";
import { isListener, Listeners } from "./listeners.ts";
import { type BusDrop, LossReporter } from "./loss_reporter.ts";
import type { RejectReason } from "./losses.ts";
import {
  type EventBusOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveTimeoutMs,
} from "./options.ts";
import { assertFunction } from "./refuse.ts";
import { type End, Routes } from "./routes.ts";
import type { BusStats } from "./stats.ts";
import { SubscriberSet } from "./subscriber_set.ts";

/** What {@linkcode EventBus.stop} resolves to: the sums since the last start. */
export interface StopReport {
  /** Events dispatched. */
  readonly delivered: number;
  /** Events lost: rejected by a full queue, evicted, or left over. */
  readonly dropped: number;
  /** Events that were still queued when the time was up; they are part of `dropped`. */
  readonly leftOver: number;
  /** Throws and rejections of handlers, listeners and subscribers. */
  readonly failures: number;
  /** Whether something did not end in time. */
  readonly timedOut: boolean;
}

type Totals = Omit<StopReport, "timedOut">;

/** How long `flush` and `stop` may take. */
export interface DeadlineOptions {
  /** In milliseconds, at least 0. Default: 5,000. */
  readonly timeoutMs?: number;
}

/** A function or object that `addEventListener` takes for the events of a catalogue. */
export type BusEventListener<Detail> =
  | ((event: CustomEvent<Detail>) => unknown)
  | { handleEvent(event: CustomEvent<Detail>): unknown };

const NEVER_STARTED = "; the bus was never started, call start()";

const disposable = (end: End): Disposable => ({ [Symbol.dispose]: end });
const NOTHING = disposable(() => {});

/**
 * A bounded, in-process event bus: `publish` queues, and handlers run later, off its call stack.
 *
 * - **Order**: first in, first out.
 * - **Loss**: only by the overflow policy, after {@linkcode EventBus.stop}, or by a type that is
 *   reserved; each one is counted in {@linkcode EventBus.stats} and told to the logger.
 * - **Isolation**: a handler that throws or rejects is counted and stops nobody else.
 * - **Delay**: the bus holds one turn of the event loop for `drainBudgetMs`; then timers and I/O
 *   get their turn. It looks at the clock after each event while handlers are slow, after 32 of
 *   them at most while they are quick: so much can the budget be overrun.
 * - **Memory**: the queue has a strict bound.
 *
 * The constructor opens nothing. Events published before {@linkcode EventBus.start} wait.
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
 * @typeParam Events The catalogue: an interface from event type to metadata. Without one, any type
 * and any metadata go.
 */
export class EventBus<Events extends object = AnyEvents> extends EventTarget
  implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #now: () => number;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #failures: Failures;
  readonly #losses: LossReporter;
  readonly #routes = new Routes();
  readonly #listeners: Listeners;
  readonly #dispatcher: Dispatcher;
  readonly #drain: Drain;
  readonly #subscribers: SubscriberSet;
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  #open: boolean;
  #started = false;
  #stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  #restart = false;
  /** How many flushes and stops wait for the queue: for them, an unstarted bus drains too. */
  #drainers = 0;
  /** Called at the end of the next slice. */
  #onSliceEnd: (() => void)[] = [];
  #atStart: Totals = { delivered: 0, dropped: 0, leftOver: 0, failures: 0 };

  /**
   * Makes a bus; it opens nothing.
   *
   * @param options See {@linkcode EventBusOptions}.
   * @throws {RangeError} if `maxQueueSize`, `drainBudgetMs` or `maxInFlight` is out of range.
   * @throws {TypeError} if another option is of the wrong type.
   */
  constructor(options: EventBusOptions = {}) {
    super();
    const resolved = this.#options = resolveOptions(options);
    const { clock, maxQueueSize, maxInFlight, drainBudgetMs } = resolved;
    const failures = this.#failures = new Failures(resolved.logger);
    const routes = this.#routes;
    const userClock = clock && guardClock(clock, failures);
    this.#open = resolved.enabled;
    this.#now = userClock ?? createClock();
    const queue = this.#queue = new BoundedQueue<BusEvent>(maxQueueSize);
    this.#losses = new LossReporter(this.#now, failures, this);
    this.#losses.hint = NEVER_STARTED;
    this.#listeners = new Listeners(this, routes, failures);
    this.#subscribers = new SubscriberSet(routes, failures);
    const dispatcher = this.#dispatcher = new Dispatcher(queue, routes, failures, maxInFlight);
    this.#drain = new Drain(
      queue,
      dispatcher,
      drainBudgetMs,
      userClock ?? (() => 0),
      () => this.#endSlice(),
    );
  }

  /**
   * Queues one event. It never throws, never blocks and runs no handler on the caller's stack.
   *
   * Only with the overflow policy `"inline"` may it dispatch queued events itself, when the queue
   * is full.
   *
   * @param type What happened; types beginning with `bus:` are the bus's own and are rejected.
   * @param rest The metadata, kept by reference and not to be changed any more, and what else the
   * event carries (see {@linkcode PublishInit}).
   * @returns whether the event was accepted; `false` is counted in {@linkcode EventBus.stats},
   * except on a disabled bus
   */
  publish<Type extends EventTypeOf<Events>>(
    type: Type & Publishable<Type>,
    ...rest: PublishArguments<Events[Type]>
  ): boolean;
  publish(type: string, metadata?: unknown, init?: PublishInit): boolean {
    // A disabled bus is never open, and counts nothing.
    if (!this.#open) return this.enabled && this.#reject("stopped", type);
    if (isReserved(type)) return this.#reject("reserved", type);
    if (this.#queue.full && !this.#makeRoom()) return this.#reject("queue_full", type);

    const given = init?.timestamp;
    const marked = given !== undefined && Number.isFinite(given);
    const event: BusEvent = {
      type,
      timestamp: marked ? given : this.#now(),
      metadata,
      sessionId: init?.sessionId ?? "",
      traceparent: init?.traceparent,
    };
    this.#queue.push(event, marked);
    this.#drain.wake();
    return true;
  }

  /**
   * Calls `handler` for each event of `type`.
   *
   * @returns a disposable that ends the subscription; `signal` does so too. The same handler twice
   * is two subscriptions.
   */
  subscribe<Type extends EventTypeOf<Events>>(
    type: Type,
    handler: EventHandler<EventOf<Events, Type>>,
    options: { readonly signal?: AbortSignal } = {},
  ): Disposable {
    assertFunction("subscribe EventBus: handler", handler);
    const { signal } = options;
    if (!this.enabled || signal?.aborted) return NOTHING;
    const unroute = this.#routes.add(type, handler as EventHandler);
    const end = () => {
      signal?.removeEventListener("abort", end);
      unroute();
    };
    signal?.addEventListener("abort", end);
    return disposable(end);
  }

  /** Calls `handler` for every event, after the handlers of its type. */
  subscribeAll(
    // `name` is every function's own. It stands here because TypeScript compares bare function types
    // more strictly than others: without it, a bus of an application's events could not be passed to
    // a library that knows only some of them.
    handler: { (event: EventOf<Events, EventTypeOf<Events>>): unknown; readonly name: string },
  ): Disposable {
    assertFunction("subscribe to all events of EventBus: handler", handler);
    if (!this.enabled) return NOTHING;
    return disposable(this.#routes.add(undefined, handler as EventHandler));
  }

  /**
   * Wires a subscriber's handlers. Registering one twice is registering it once.
   *
   * @returns a disposable that unregisters it, without shutting it down
   */
  registerSubscriber(subscriber: EventSubscriber<Events>): Disposable {
    if (!this.enabled) return NOTHING;
    return disposable(this.#subscribers.add(subscriber as EventSubscriber));
  }

  /**
   * Whether anybody would hear an event of `type`: subscribers, subscribers to all, listeners. Ask
   * before building costly metadata. Always `false` on a disabled bus.
   */
  hasSubscribers(type: EventTypeOf<Events>): boolean {
    return this.enabled && this.#routes.of(type).length > 0;
  }

  /**
   * As on any EventTarget. The listener receives a `CustomEvent` whose `detail` is the record; one
   * that throws or rejects is isolated and counted.
   */
  override addEventListener<Type extends EventTypeOf<Events> | "bus:drop">(
    type: Type,
    listener: BusEventListener<
      Type extends "bus:drop" ? BusDrop : Type extends EventTypeOf<Events> ? EventOf<Events, Type>
      : never
    >,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As on any EventTarget, for events that are not in the catalogue. */
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
    if (isListener(listener)) this.#listeners.remove(`${type}`, listener, options);
    else super.removeEventListener(type, listener, options);
  }

  /** Starts the drain. On a bus that is stopping, it takes effect when that is over. */
  start(): this {
    if (this.#stopping !== undefined) {
      this.#restart = true;
    } else if (this.enabled) {
      if (!this.#open) this.#atStart = this.#totals();
      this.#open = this.#started = true;
      this.#losses.hint = "";
      this.#updateDrain();
    }
    return this;
  }

  /**
   * Resolves when everything published before the call has been dispatched, its async handlers
   * have settled and the subscribers' `flush` is done. Also drains a bus that was never started.
   *
   * Called from a handler, it does not wait for that handler. It never rejects.
   *
   * @returns `false` if the time ran out first
   * @throws {RangeError} at once, if `timeoutMs` is not a number of at least 0
   */
  flush(options: DeadlineOptions = {}): Promise<boolean> {
    const timeoutMs = resolveTimeoutMs("flush", options.timeoutMs);
    return this.enabled ? this.#settle(timeoutMs) : Promise.resolve(true);
  }

  /**
   * Dispatches everything that is queued, on the caller's stack and holding the event loop, and
   * calls `onDrain` and `flushSync` of the subscribers that have them. It is for a process that is
   * about to end and gives nobody time to await anything; `@busbar/busbar/exit` calls it then.
   * Async handlers are called, but what they await is not waited for.
   *
   * @returns whether the queue is empty; `false` if the time ran out first
   * @throws {RangeError} if `timeoutMs` is not a number of at least 0
   */
  flushSync(options: DeadlineOptions = {}): boolean {
    const until = performance.now() + resolveTimeoutMs("flush", options.timeoutMs);
    while (performance.now() <= until && this.#dispatcher.dispatchNext(0));
    this.#endSlice();
    this.#subscribers.call("flushSync");
    return this.#queue.size === 0;
  }

  /**
   * Drains the queue, flushes, shuts down and unregisters every EventSubscriber. From the call on,
   * every `publish` is rejected as `stopped`; what is queued when the time runs out is dropped as
   * `shutdown`. Bare handlers and listeners stay. Concurrent calls share one result. It never
   * rejects.
   *
   * @throws {RangeError} at once, if `timeoutMs` is not a number of at least 0
   */
  stop(options: DeadlineOptions = {}): Promise<StopReport> {
    const timeoutMs = resolveTimeoutMs("stop", options.timeoutMs);
    if (!this.enabled) return Promise.resolve(this.#report(false));
    this.#restart = false;
    return this.#stopping ??= this.#stop(timeoutMs);
  }

  /** Stops the bus at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Whether the bus takes events at all. */
  get enabled(): boolean {
    return this.#options.enabled;
  }

  /** How many events wait. */
  get queueDepth(): number {
    return this.#queue.size;
  }

  /** How many events may wait. */
  get maxQueueSize(): number {
    return this.#options.maxQueueSize;
  }

  /**
   * For how long the oldest queued event has waited, in milliseconds; 0 if none waits. Events that
   * were published with a timestamp of their own are left out: it says nothing about their wait.
   */
  get oldestEventLagMs(): number {
    const oldest = this.#queue.oldestUnmarked();
    return oldest === undefined ? 0 : Math.max(0, this.#now() - oldest.timestamp);
  }

  /** Events lost: rejected by a full queue, evicted, or left over at a `stop`. */
  get droppedEventsCount(): number {
    const { queue_full, evicted, shutdown } = this.#losses.total.byReason;
    return queue_full + evicted + shutdown;
  }

  /** A copy of how often each subscriber or handler failed, by name. */
  subscriberExceptionCounts(): Record<string, number> {
    return this.#failures.counts.toRecord();
  }

  /**
   * A copy of how often a handler was seen to hold the event loop for `drainBudgetMs` or longer, by
   * name. Handlers are timed only after that has happened, so it is a lower bound.
   */
  slowHandlerCounts(): Record<string, number> {
    return this.#dispatcher.slowCalls.toRecord();
  }

  /** The loss ledger, exact at every moment; a copy. */
  stats(): BusStats {
    const { dispatching, skipped } = this.#dispatcher;
    const losses = this.#losses.total.toCounts();
    const { queue_full, stopped, reserved } = losses.rejected;
    const accepted = this.#queue.pushed;
    return {
      published: accepted + queue_full + stopped + reserved,
      accepted,
      delivered: this.#delivered,
      pending: this.#queue.size + dispatching,
      ...losses,
      skippedBySubscriber: skipped.toRecord(),
    };
  }

  /** What left the queue was dispatched or dropped. */
  get #delivered(): number {
    const { evicted, shutdown } = this.#losses.total.byReason;
    return this.#settled - evicted - shutdown;
  }

  /** Accepted events that have met their end. */
  get #settled(): number {
    return this.#queue.shifted - this.#dispatcher.dispatching;
  }

  #reject(reason: RejectReason, type: string): false {
    this.#losses.add(reason, type);
    return false;
  }

  /** Applies the overflow policy. @returns whether the new event may be queued */
  #makeRoom(): boolean {
    switch (this.#options.overflow) {
      case "drop-newest":
        return false;
      case "drop-oldest":
        this.#losses.add("evicted", (this.#queue.shift() as BusEvent).type);
        return true;
      case "inline":
        if (!this.#started || this.#drain.running) return false;
        this.#drain.runNow();
        // A handler may have stopped the bus or filled the queue again.
        return this.#open && !this.#queue.full;
    }
  }

  #endSlice(): void {
    this.#subscribers.call("onDrain");
    for (const go of this.#onSliceEnd.splice(0)) go();
    if (this.#queue.size === 0) this.#losses.noteEmpty();
  }

  /** Resolves when everything accepted so far is settled. */
  async #drained(): Promise<void> {
    const target = this.#queue.pushed;
    while (this.#settled < target) {
      await new Promise<void>((resolve) => this.#onSliceEnd.push(resolve));
    }
  }

  #updateDrain(): void {
    this.#drain.active = this.#started || this.#drainers > 0;
  }

  /**
   * What flush and stop have in common: the queue, the async handlers, the subscribers.
   *
   * @returns whether it was done in time
   */
  async #settle(timeoutMs: number, stopping = false): Promise<boolean> {
    const asking = this.#dispatcher.currentCall;
    const deadline = new Deadline(timeoutMs);
    this.#drainers++;
    this.#updateDrain();
    if (!await deadline.within(this.#drained()) && stopping) this.#dropLeftOver();
    await deadline.within(this.#dispatcher.settled(asking));
    this.#drainers--;
    this.#updateDrain();
    await this.#subscribers.callAsync("flush", deadline);
    if (stopping) await this.#subscribers.shutdown(deadline);
    deadline.clear();
    return !deadline.passed;
  }

  async #stop(timeoutMs: number): Promise<StopReport> {
    this.#open = this.#started = false;
    const timedOut = !await this.#settle(timeoutMs, true);
    this.#losses.finish();
    const report = this.#report(timedOut);
    this.#stopping = undefined;
    if (this.#restart) this.start();
    return report;
  }

  #dropLeftOver(): void {
    let event: BusEvent | undefined;
    while ((event = this.#queue.shift()) !== undefined) this.#losses.add("shutdown", event.type);
  }

  #totals(): Totals {
    return {
      delivered: this.#delivered,
      dropped: this.droppedEventsCount,
      leftOver: this.#losses.total.byReason.shutdown,
      failures: this.#failures.total,
    };
  }

  #report(timedOut: boolean): StopReport {
    const { delivered, dropped, leftOver, failures } = this.#totals();
    const before = this.#atStart;
    return {
      delivered: delivered - before.delivered,
      dropped: dropped - before.dropped,
      leftOver: leftOver - before.leftOver,
      failures: failures - before.failures,
      timedOut,
    };
  }
}

const COLON = 58;

/** A type that is no string can come from untyped code only; it is nobody's, and must not throw. */
function isReserved(type: string): boolean {
  return typeof type !== "string" || (type.charCodeAt(3) === COLON && type.startsWith("bus:"));
}
