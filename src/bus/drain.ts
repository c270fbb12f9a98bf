import type { BusEvent } from "../events/event.ts";
import { monotonicMs } from "../internal/clocks.ts";
import { Lease } from "../internal/lease.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import {
  FIRST_INTERVAL,
  LONE_PER_TIMED,
  LOST_MARKER_MS,
  MAX_ASYNC_INTERVAL,
  MAX_INTERVAL,
  MIN_TURN_CALLS,
  QUICK_CALLS_PER_BUDGET,
  TIMED_CALLS,
  TURN_MARKER_INTERVAL_MS,
} from "../internal/tuning.ts";
import { nextTurn } from "../internal/turns.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import { type Failures, isThenable } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Route, Routes } from "./routes.ts";
import type { SubscriberSet } from "./subscriber_set.ts";
import { Tally } from "./tally.ts";

/** An async call that has not settled. */
export interface AsyncCall {
  name: string;
  /** Where a call may be lost with its request: whether it is, and what ends it. */
  lease?: Lease;
  end?: () => void;
}

/** An event of which some routes have been called, and others have not. */
interface Begun {
  readonly event: BusEvent;
  readonly routes: readonly Route[] | undefined;
  readonly index: number;
  /** One that was begun before, and goes on after it. */
  readonly outer: Begun | undefined;
}

/**
 * Takes events off the queue in slices and hands each to everybody who listens. Whatever a handler
 * throws or rejects with ends there, counted.
 *
 * A microtask runs the first slice. A slice ends when the queue is empty, when the turn's budget is
 * spent, or, where the clocks stand still, after as many calls as the queue holds events and 10,000
 * at least; what is left, of an event too, goes on in a later turn.
 *
 * The budget belongs to the turn of the event loop, not to the slice: code that awaits and
 * publishes again runs in the same turn, and would starve timers if each slice had a budget of its
 * own. So does what async handlers do after an `await`: a slice that has called some lets the other
 * microtasks run before it looks at the clock. No runtime tells when a turn ends, so a marker is
 * set: a macrotask whose arrival proves it. One costs microseconds, so at most one a millisecond is
 * set, and slices of one millisecond share its budget. Each turn makes one call at least.
 */
export class Drain {
  /** When an event was published, on the runtime's monotonic clock; 0 if that is not known. */
  publishedMs = 0;
  /** Whether a slice is on the stack. */
  running = false;
  /** Calls that were seen to take as long as the budget, by the handler's name. */
  readonly slow: Tally = new Tally();
  /** Events that passed by a handler with too many calls pending, by its name. */
  readonly skipped: Tally = new Tally();
  /** Async calls that have not settled. */
  readonly inFlight: Set<AsyncCall> = new Set();
  /** What is called when a slice has ended, or an async call has settled. */
  readonly changes: Set<() => void> = new Set();
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #losses: Losses;
  readonly #subscribers: SubscriberSet;
  readonly #budgetMs: number;
  readonly #maxInFlight: number;
  /** It can end a slice, but neither prolong it nor keep it from doing anything. */
  readonly #userClock: (() => number) | undefined;
  /** How many want what is queued to be dispatched; while nobody does, it waits. */
  #holders = 0;
  #scheduled = false;
  #markerSet = false;
  #turnMs = -Infinity;
  #turnUserMs = 0;
  #calls = 0;
  /** How many events have left the queue and not met their end. */
  #unsettled = 0;
  /** The call in progress, once somebody has asked for it. */
  #call: AsyncCall | undefined;
  #begun: Begun | undefined;
  #lone = 0;
  /** When the slice began, and when it last looked at the clock; NaN if it has not. */
  #sliceMs = 0;
  #lookedMs = 0;
  /** How many of the next calls are timed one by one; -1 until something took the whole budget. */
  #toTime = -1;
  /** How many calls are made before the next look. */
  #interval = 1;
  /** Whose call it was, if it was one. */
  #calledName: string | undefined;
  /** Whether an async call has been made since the last look. */
  #calledAsync = false;
  /** Whether the slice waits for the microtasks of the calls it has made. */
  #isWaiting = false;

  constructor(
    options: ResolvedOptions,
    queue: BoundedQueue<BusEvent>,
    routes: Routes,
    failures: Failures,
    losses: Losses,
    subscribers: SubscriberSet,
  ) {
    this.#queue = queue;
    this.#routes = routes;
    this.#failures = failures;
    this.#losses = losses;
    this.#subscribers = subscribers;
    this.#budgetMs = options.drainBudgetMs;
    this.#maxInFlight = options.maxInFlight;
    this.#userClock = options.clock && failures.now;
  }

  /** How many events have met their end: all that left the queue, but for those in dispatch. */
  get settled(): number {
    return this.#queue.shifted - this.#unsettled;
  }

  /** Whether nothing waits to be dispatched. */
  get idle(): boolean {
    return this.#queue.size === 0 && this.#begun === undefined;
  }

  /** The call whose synchronous part is running, if it is an async one. */
  get call(): AsyncCall {
    return this.#call ??= { name: "" };
  }

  /** Gives up an event, or the rest of its routes. @returns its type, if there is an event */
  shift(): string | undefined {
    const begun = this.#begun;
    if (begun) this.#unsettled--;
    this.#begun = begun?.outer;
    return (begun?.event ?? this.#queue.shift())?.type;
  }

  /** Lets the drain run for one more who wants it to. */
  start(): void {
    this.#holders++;
    if (!this.idle) this.wake();
  }

  /** One less wants it to run. */
  stop(): void {
    this.#holders--;
  }

  /** Makes sure that what was queued is taken up. */
  wake(): void {
    if (this.#holders === 0 || this.#scheduled && !REQUESTS_ARE_APART) return;
    // In this order: at the end of the stack the call may throw.
    inNeutralContext(this.#onWake);
    this.#scheduled = true;
  }

  /**
   * Runs one slice on the caller's stack, with a budget of its own: the turn's may be spent, and
   * the caller needs room now. What it takes still counts for the turn. Not while one is running.
   */
  runNow(): void {
    const turnMs = this.#turnMs;
    const turnUserMs = this.#turnUserMs;
    try {
      this.#startBudget(this.#lookedMs = monotonicMs());
      this.#beginSlice(false);
    } finally {
      this.running = false;
      this.#turnMs = turnMs;
      this.#turnUserMs = turnUserMs;
    }
  }

  readonly #onWake = (): void => {
    if (this.idle) {
      this.#scheduled = false;
      return;
    }
    // One event alone needs no clock of its own: its publish has just read it. A few are timed.
    const readMs = this.#queue.size === 1 && this.#interval > 1 &&
      ++this.#lone % LONE_PER_TIMED && this.publishedMs;
    const now = readMs || monotonicMs();
    this.publishedMs = 0;
    const sinceMs = now - this.#turnMs;
    const isNew = this.#markerSet
      ? REQUESTS_ARE_APART && sinceMs >= LOST_MARKER_MS
      : sinceMs >= TURN_MARKER_INTERVAL_MS;
    if (isNew) this.#setMarker();
    // What the publisher did since then is not to be taken for the handler's.
    this.#lookedMs = readMs ? NaN : now;
    this.#continue(now, isNew);
  };

  readonly #onMarker = (): void => {
    this.#markerSet = false;
    // Where microtasks may be lost, a slice may wait in vain.
    if (this.#scheduled && (!this.#isWaiting || REQUESTS_ARE_APART)) {
      this.#continue(this.#lookedMs = monotonicMs(), true);
    } else this.#startBudget(monotonicMs());
  };

  #setMarker(): void {
    this.#markerSet = true;
    nextTurn(this.#onMarker);
  }

  #startBudget(now: number): void {
    this.#turnMs = now;
    this.#turnUserMs = this.#userClock?.() ?? 0;
  }

  /** Whether the turn's budget is spent, or its calls where no clock says anything. */
  #isSpent(now: number): boolean {
    const tookMs = now - this.#turnMs;
    const tookUserMs = (this.#userClock?.() ?? 0) - this.#turnUserMs;
    return Math.max(tookMs, tookUserMs) >= this.#budgetMs ||
      this.#calls >= Math.max(MIN_TURN_CALLS, this.#queue.limit) && !tookMs && !tookUserMs;
  }

  /** @param isNew whether the turn is: then it makes a call, whatever the clocks say */
  #continue(now: number, isNew: boolean): void {
    if (isNew) {
      this.#startBudget(now);
      this.#calls = 0;
    }
    if (this.#holders > 0 && (isNew || !this.#isSpent(now))) this.#beginSlice(true);
    else this.#endWake();
  }

  #endWake(): void {
    this.#scheduled = this.#holders > 0 && !this.idle;
    if (this.#scheduled && !this.#markerSet) this.#setMarker();
  }

  #beginSlice(mayWait: boolean): void {
    this.#sliceMs = this.#lookedMs;
    this.#interval = Math.min(this.#interval, FIRST_INTERVAL);
    this.#calledAsync = false;
    this.#slice(mayWait, true);
  }

  /** @param mayWait whether it may let other microtasks run before it looks at the clock */
  #slice(mayWait: boolean, isNew: boolean): void {
    this.running = true;
    while (isNew || !this.#isOver()) {
      isNew = false;
      let left = this.#interval;
      do left -= this.next(left); while (left > 0 && !this.idle);
      this.#calls += this.#interval - left;
      // So it is nearly always in a service: one event, and its handlers are quick.
      if (this.idle) {
        if (this.#interval > 1) break;
      } else if (mayWait && this.#calledAsync) {
        // Before others run, whose work is not the handler's.
        if (this.#interval === 1) this.#reportSlow(monotonicMs() - this.#lookedMs);
        this.running = false;
        this.#isWaiting = true;
        inNeutralContext(this.#onOthersRun);
        return;
      }
    }
    this.onDrain(this.#sliceMs);
    this.running = false;
    if (mayWait) this.#endWake();
  }

  /** Goes on with the slice that has let other microtasks run. */
  readonly #onOthersRun = (): void => {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#slice(true, false);
  };

  /** Looks at the clock, unless nothing waits and calls are quick. @returns whether the slice ends */
  #isOver(): boolean {
    if (this.idle && this.#interval > 1) return true;
    const now = monotonicMs();
    const tookMs = now - this.#lookedMs;
    if (!this.#calledAsync) this.#reportSlow(tookMs);
    this.#lookedMs = now;
    const longest = this.#calledAsync ? MAX_ASYNC_INTERVAL : MAX_INTERVAL;
    if (tookMs >= this.#budgetMs) this.#toTime = TIMED_CALLS;
    const isLong = tookMs > this.#interval * this.#budgetMs / QUICK_CALLS_PER_BUDGET;
    this.#interval = isLong || this.#toTime > 0 && this.#toTime--
      ? 1
      : Math.min(this.#interval * 2, longest);
    this.#calledAsync = false;
    return this.idle || this.#isSpent(now) || this.#holders === 0;
  }

  #reportSlow(tookMs: number): void {
    const name = this.#calledName;
    if (name && this.#interval < 2 && this.#toTime >= 0 && tookMs >= this.#budgetMs) {
      this.#failures.report(this.slow, name, `held the event loop for ${tookMs.toFixed(1)} ms`);
    }
  }

  /** What is due after some events, or the last of them. */
  onDrain(startedAtMs: number): void {
    this.#subscribers.onDrain(startedAtMs);
    if (this.idle) this.#losses.onDrain();
    this.changed();
  }

  /** Ends the calls that were lost with the requests that made them. */
  endLost(): void {
    for (const { name, lease, end } of this.inFlight) {
      if (!lease?.isLost) continue;
      this.#failures.count(name, "an async call", "its request has ended");
      end?.();
    }
  }

  /** Has everybody look who waits for something here. */
  changed(): void {
    if (this.changes.size > 0) this.changes.forEach((look) => look());
  }

  /**
   * Dispatches the oldest event, or the rest of it.
   * @param most how many routes may be called, 1 at least
   * @returns how many were, 1 for an event that reaches nobody; 0 if there is no event
   */
  next(most: number): number {
    const begun = this.#begun;
    const event = begun?.event ?? this.#queue.shift();
    if (event === undefined) return 0;
    if (!begun) this.#unsettled++;
    this.#begun = begun?.outer;
    const first = begun?.index ?? 0;
    let index = first;
    let routes = begun?.routes;
    try {
      routes ??= this.#routes.of(event.type);
      const end = Math.min(routes.length, first + most);
      while (index < end) this.#run(routes[index++] as Route, event);
    } finally {
      // Also where the stack ends, as a publisher's may: before its routes are known, even.
      this.#unsettled--;
      if (index !== routes?.length) {
        this.#begun = { outer: this.#begun, event, routes, index };
        this.#unsettled++;
      }
    }
    if (most === 1) this.#calledName = routes[first]?.name;
    return index - first || 1;
  }

  #run(route: Route, event: BusEvent): void {
    this.#call = undefined;
    try {
      // Taken out first: called on the route, the handler would see the route as `this`.
      const { handler } = route;
      const result = handler(event);
      if (isThenable(result)) this.#follow(route, event.type, result);
    } catch (error) {
      this.#failures.count(route.name, event.type, error);
    }
  }

  #follow(route: Route, type: string, result: object): void {
    const { name, handler } = route;
    const { call } = this;
    call.name = name;
    this.#call = undefined;
    this.#calledAsync = true;
    const end = () => {
      call.lease?.end();
      if (!this.inFlight.delete(call)) return;
      route.inFlight--;
      route.handler = handler;
      this.changed();
    };
    this.#failures.follow(name, type, result, end);
    if (REQUESTS_ARE_APART) {
      call.lease = new Lease();
      call.end = end;
    }
    this.inFlight.add(call);
    // Put in the handler's place, so that the check costs nothing while there is nothing to skip.
    if (++route.inFlight >= this.#maxInFlight) {
      route.handler = (event) => {
        this.endLost();
        const { inFlight } = route;
        if (inFlight < this.#maxInFlight) return handler(event);
        const what = `is skipped: ${inFlight} pending`;
        return this.#failures.report(this.skipped, name, what);
      };
    }
  }
}
