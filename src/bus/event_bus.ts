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
import { createClock } from "./clock.ts";
import { Deadline } from "./deadline.ts";
import { difference } from "./difference.ts";
import { type CallId, Dispatcher } from "./dispatcher.ts";
import { Drain } from "./drain.ts";
import type { EventSubscriber } from "./event_subscriber.ts";
import { CLOCK_NAME, Failures } from "./failures.ts";
import { type BusStats, Ledger, type RejectReason } from "./ledger.ts";
import { ListenerRegistry } from "./listener_registry.ts";
import { type BusDrop, LossReporter } from "./loss_reporter.ts";
import {
  type EventBusOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveTimeoutMs,
} from "./options.ts";
import { handlerName, Route, Routes } from "./routes.ts";
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

/** How long `flush` and `stop` may take. */
export interface DeadlineOptions {
  /** In milliseconds, at least 0. Default: 5,000. */
  readonly timeoutMs?: number;
}

/** A function or object that `addEventListener` takes for the events of a catalogue. */
export type BusEventListener<Detail> =
  | ((event: CustomEvent<Detail>) => unknown)
  | { handleEvent(event: CustomEvent<Detail>): unknown };

type State = "new" | "started" | "stopping" | "stopped";

const NOTHING: Disposable = { [Symbol.dispose]: () => {} };

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
  readonly #enabled: boolean;
  readonly #now: () => number;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #ledger = new Ledger();
  readonly #failures: Failures;
  readonly #losses: LossReporter;
  readonly #routes = new Routes();
  readonly #listeners: ListenerRegistry;
  readonly #dispatcher: Dispatcher;
  readonly #drain: Drain;
  readonly #subscribers: SubscriberSet;
  #state: State = "new";
  #open = true;
  #everStarted = false;
  #flushesUnderWay = 0;
  #stopping: Promise<StopReport> | undefined;
  #restart = false;
  #waiters: { target: number; resolve: () => void }[] = [];
  #sinceStart: Partial<StopReport> = {};

  /**
   * Makes a bus; it opens nothing.
   *
   * @param options See {@linkcode EventBusOptions}.
   * @throws {RangeError} if `maxQueueSize`, `drainBudgetMs` or `maxInFlight` is out of range.
   * @throws {TypeError} if another option is of the wrong type.
   */
  constructor(options: EventBusOptions = {}) {
    super();
    this.#options = resolveOptions(options);
    const { enabled, maxQueueSize, clock, logger, drainBudgetMs, maxInFlight } = this.#options;
    this.#enabled = enabled;
    this.#failures = new Failures(logger, () => this.#now());
    const userClock = clock === undefined ? undefined : this.#guardClock(clock);
    this.#now = userClock ?? createClock();
    this.#queue = new BoundedQueue(maxQueueSize);
    this.#losses = new LossReporter({
      ledger: this.#ledger,
      failures: this.#failures,
      now: this.#now,
      emit: (drop) => this.#emitDrop(drop),
      hint: () => this.#everStarted ? "" : "; the bus was never started, call start()",
    });
    this.#listeners = new ListenerRegistry((callback, type, error) => {
      const name = typeof callback === "function"
        ? handlerName(callback)
        : callback.constructor?.name || "(anonymous)";
      this.#failures.count(name, `a listener of ${type}`, error);
    });
    this.#dispatcher = new Dispatcher({
      routes: this.#routes,
      listeners: this.#listeners,
      ledger: this.#ledger,
      failures: this.#failures,
      maxInFlight,
      dispatchToListeners: (event) =>
        super.dispatchEvent(new CustomEvent(event.type, { detail: event })),
    });
    this.#subscribers = new SubscriberSet(this.#routes, this.#failures);
    this.#drain = new Drain({
      queue: this.#queue,
      dispatcher: this.#dispatcher,
      budgetMs: drainBudgetMs,
      userClock,
      onSliceEnd: () => this.#onSliceEnd(),
    });
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
    if (!this.#enabled) return false;
    const ledger = this.#ledger;
    ledger.published++;
    if (!this.#open) return this.#reject("stopped", type);
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
    ledger.accepted++;
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
    assertHandler("subscribe", handler);
    const { signal } = options;
    if (!this.#enabled || signal?.aborted) return NOTHING;
    const route = new Route(handler as EventHandler, handlerName(handler));
    this.#routes.add(type, route);
    const end = () => {
      signal?.removeEventListener("abort", end);
      this.#routes.remove(type, route);
    };
    signal?.addEventListener("abort", end, { once: true });
    return { [Symbol.dispose]: end };
  }

  /** Calls `handler` for every event, after the handlers of its type. */
  subscribeAll(
    // `name` is every function's own. It stands here because TypeScript compares bare function types
    // more strictly than others: without it, a bus of an application's events could not be passed to
    // a library that knows only some of them.
    handler: { (event: EventOf<Events, EventTypeOf<Events>>): unknown; readonly name: string },
  ): Disposable {
    assertHandler("subscribe to all events of", handler);
    if (!this.#enabled) return NOTHING;
    const route = new Route(handler as EventHandler, handlerName(handler));
    this.#routes.addForEveryType(route);
    return { [Symbol.dispose]: () => this.#routes.removeForEveryType(route) };
  }

  /**
   * Wires a subscriber's handlers. Registering one twice is registering it once.
   *
   * @returns a disposable that unregisters it, without shutting it down
   */
  registerSubscriber(subscriber: EventSubscriber<Events>): Disposable {
    if (!this.#enabled) return NOTHING;
    return this.#subscribers.add(subscriber as EventSubscriber);
  }

  /**
   * Whether anybody would hear an event of `type`: subscribers, subscribers to all, listeners. Ask
   * before building costly metadata. Always `false` on a disabled bus.
   */
  hasSubscribers(type: EventTypeOf<Events>): boolean {
    return this.#enabled &&
      (this.#routes.has(type) || (this.#listeners.size > 0 && this.#listeners.has(type)));
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
    if (!isListener(listener)) {
      super.addEventListener(type, listener, options);
      return;
    }
    const name = `${type}`;
    const given = typeof options === "object" && options !== null
      ? options
      : { capture: Boolean(options) };
    const wrapper = this.#listeners.add(
      name,
      listener,
      given,
      (wrapper, capture) => super.removeEventListener(name, wrapper, capture),
    );
    if (wrapper === undefined) return;
    const { once = false, passive } = given;
    super.addEventListener(name, wrapper, {
      capture: Boolean(given.capture),
      once: Boolean(once),
      ...(passive === undefined ? {} : { passive }),
    });
  }

  /** As on any EventTarget. */
  override removeEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- whatever addEventListener takes
    listener: any,
    options?: boolean | EventListenerOptions,
  ): void {
    const capture = typeof options === "object" && options !== null
      ? Boolean(options.capture)
      : Boolean(options);
    const wrapper = isListener(listener)
      ? this.#listeners.remove(`${type}`, listener, capture)
      : undefined;
    super.removeEventListener(type, wrapper ?? listener, options);
  }

  /** Starts the drain. On a bus that is stopping, it takes effect when that is over. */
  start(): this {
    if (!this.#enabled || this.#state === "started") return this;
    if (this.#state === "stopping") {
      this.#restart = true;
      return this;
    }
    if (this.#state === "stopped") this.#sinceStart = this.#totals();
    this.#state = "started";
    this.#open = true;
    this.#everStarted = true;
    this.#drain.active = true;
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
    if (!this.#enabled) return Promise.resolve(true);
    return this.#flush(timeoutMs, this.#dispatcher.currentCall);
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
    if (!this.#enabled) return true;
    let event: BusEvent | undefined;
    while (performance.now() <= until && (event = this.#queue.shift()) !== undefined) {
      this.#dispatcher.dispatch(event);
    }
    this.#onSliceEnd();
    this.#subscribers.flushSync();
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
    if (!this.#enabled) return Promise.resolve(this.#report(false));
    if (this.#stopping !== undefined) {
      this.#restart = false;
      return this.#stopping;
    }
    this.#state = "stopping";
    this.#open = false;
    return this.#stopping = this.#stop(timeoutMs, this.#dispatcher.currentCall);
  }

  /** Stops the bus at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Whether the bus takes events at all. */
  get enabled(): boolean {
    return this.#enabled;
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
    return this.#ledger.droppedEventsCount;
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
    return this.#ledger.stats(this.#pending);
  }

  get #pending(): number {
    return this.#queue.size + (this.#dispatcher.dispatching ? 1 : 0);
  }

  #reject(reason: RejectReason, type: string): false {
    this.#ledger.reject(reason, type);
    this.#losses.noteLoss();
    return false;
  }

  /** Applies the overflow policy. @returns whether the new event may be queued */
  #makeRoom(): boolean {
    switch (this.#options.overflow) {
      case "drop-newest":
        return false;
      case "drop-oldest": {
        const victim = this.#queue.shift() as BusEvent;
        this.#ledger.drop("evicted", victim.type);
        this.#losses.noteLoss();
        return true;
      }
      case "inline":
        if (this.#state !== "started" || this.#drain.running) return false;
        this.#drain.runNow();
        // A handler may have stopped the bus or filled the queue again.
        return this.#open && !this.#queue.full;
    }
  }

  #guardClock(clock: () => number): () => number {
    return () => {
      try {
        const time = clock();
        if (Number.isFinite(time)) return time;
        throw new TypeError(`clock must return a finite number, returned ${String(time)}`);
      } catch (error) {
        const now = Date.now();
        this.#failures.count(CLOCK_NAME, "reading the time", error, now);
        return now;
      }
    };
  }

  #onSliceEnd(): void {
    this.#subscribers.onDrain();
    const { settled } = this.#ledger;
    if (this.#waiters.length > 0) {
      const reached = this.#waiters.filter(({ target }) => target <= settled);
      this.#waiters = this.#waiters.filter(({ target }) => target > settled);
      for (const { resolve } of reached) resolve();
    }
    if (this.#queue.size === 0) this.#losses.noteEmpty();
  }

  /** Resolves when everything accepted so far is settled. */
  #drained(): Promise<void> {
    const target = this.#ledger.accepted;
    if (this.#ledger.settled >= target) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ target, resolve });
    return promise;
  }

  async #flush(
    timeoutMs: number,
    asking: CallId | undefined,
  ): Promise<boolean> {
    const deadline = new Deadline(timeoutMs);
    const drained = this.#drained();
    this.#flushesUnderWay++;
    this.#settleDrain();
    await deadline.within(drained);
    await deadline.within(Promise.all(this.#dispatcher.inFlightBut(asking)));
    this.#flushesUnderWay--;
    this.#settleDrain();
    await this.#subscribers.flush(deadline);
    deadline.clear();
    return !deadline.passed;
  }

  /** A bus that was not started drains for as long as somebody waits for it. */
  #settleDrain(): void {
    this.#drain.active = this.#state === "started" || this.#state === "stopping" ||
      this.#flushesUnderWay > 0;
  }

  async #stop(
    timeoutMs: number,
    asking: CallId | undefined,
  ): Promise<StopReport> {
    const deadline = new Deadline(timeoutMs);
    const drained = this.#drained();
    this.#settleDrain();
    if (!await deadline.within(drained)) this.#dropLeftOver();
    await deadline.within(Promise.all(this.#dispatcher.inFlightBut(asking)));
    await this.#subscribers.flush(deadline);
    await this.#subscribers.shutdown(deadline);
    deadline.clear();
    this.#losses.finish();
    this.#state = "stopped";
    this.#settleDrain();
    const report = this.#report(deadline.passed);
    this.#stopping = undefined;
    if (this.#restart) {
      this.#restart = false;
      this.start();
    }
    return report;
  }

  #dropLeftOver(): void {
    let event: BusEvent | undefined;
    while ((event = this.#queue.shift()) !== undefined) this.#ledger.drop("shutdown", event.type);
    this.#losses.noteLoss();
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #totals(): Omit<StopReport, "timedOut"> {
    return {
      delivered: this.#ledger.delivered,
      dropped: this.#ledger.droppedEventsCount,
      leftOver: this.#ledger.dropped.shutdown,
      failures: this.#failures.total,
    };
  }

  #report(timedOut: boolean): StopReport {
    return { ...difference(this.#totals(), this.#sinceStart), timedOut };
  }

  #emitDrop(drop: BusDrop): void {
    if (this.#listeners.has("bus:drop")) {
      super.dispatchEvent(new CustomEvent("bus:drop", { detail: drop }));
    }
  }
}

const COLON = 58;

/** A type that is no string can come from untyped code only; it is nobody's, and must not throw. */
function isReserved(type: string): boolean {
  return typeof type !== "string" || (type.charCodeAt(3) === COLON && type.startsWith("bus:"));
}

function isListener(listener: unknown): listener is EventListenerOrEventListenerObject {
  return typeof listener === "function" || (typeof listener === "object" && listener !== null);
}

function assertHandler(action: string, handler: unknown): void {
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot ${action} EventBus: handler must be a function, received ${typeof handler}`,
    );
  }
}
