import type { BusEvent } from "../events/event.ts";
import { monotonicMs } from "../internal/clocks.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import { nextTurn } from "../internal/turns.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import type { ClockReading } from "./clock.ts";
import { type Failures, isThenable } from "./failures.ts";
import type { Route, Routes } from "./routes.ts";
import { Tally } from "./tally.ts";

/** At most one marker is set in so many milliseconds; see {@linkcode Drain}. */
const TURN_MARKER_INTERVAL_MS = 1;
/** Where a request may end before its marker comes, a marker this old is given up. */
const LOST_MARKER_MS = 20;
/** The most calls between two looks at the clock. */
const MAX_CHECK_INTERVAL = 32;
/** The same while calls are async: their work may only begin some microtasks later. */
const MAX_ASYNC_CHECK_INTERVAL = 4;
/** A call that took this share of the budget has the clock looked at after each one. */
const LONG_CALL_SHARE = 1 / 512;
/** After an interval that took more than the whole budget, so many events are timed one by one. */
const SAMPLED_EVENTS = 16;
/** The calls of one turn where the clocks stand still: the queue's bound, and at least this. */
const MIN_TURN_CALLS = 10_000;

/** What a drain works on, and its limits. */
interface DrainParts {
  readonly queue: BoundedQueue<BusEvent>;
  readonly routes: Routes;
  readonly failures: Failures;
  readonly budgetMs: number;
  readonly maxInFlight: number;
  /** It can end a slice, but neither prolong it nor keep it from doing anything. */
  readonly userClock: (() => number) | undefined;
  /** What `publish` has read of the runtime's clock. */
  readonly reading: ClockReading;
  /** Whether somebody asks when a slice began. */
  readonly timesSlices: () => boolean;
  /** Called at the end of each slice. */
  readonly onSliceEnd: (sliceStartedAtMs: number) => void;
}

/** An async call that has not settled. */
export interface AsyncCall {
  readonly name: string;
  /** What tells one call from all others. */
  readonly event: number;
  readonly index: number;
}

/** An event of which some routes have been called, and others have not. */
interface Begun {
  readonly event: BusEvent;
  readonly routes: readonly Route[];
  readonly index: number;
}

/** Where a slice stands. */
interface Slice {
  startedAtMs: number;
  lookedAtMs: number;
  /** How many calls are made before the next look at the clock. */
  interval: number;
  calls: number;
}

/**
 * Takes events off the queue in slices and hands each to everybody who listens. Whatever a handler
 * throws or rejects with ends there, counted.
 *
 * A microtask runs the first slice. A slice ends when the queue is empty, when the turn's budget is
 * spent, or, where the clocks stand still, after as many calls as the queue holds events; what is
 * left, of an event too, goes on in a later turn.
 *
 * The budget belongs to the turn of the event loop, not to the slice: code that awaits and
 * publishes again runs in the same turn, and would starve timers if each slice had a budget of its
 * own. So does what async handlers do after an `await`: a slice that has called some lets the other
 * microtasks run before it looks at the clock. No runtime tells when a turn ends, so a marker is
 * set: a macrotask whose arrival proves it. One costs microseconds, so at most one a millisecond is
 * set; slices less than a millisecond after the last share its budget. Each turn makes one call at
 * least, whatever the clocks say.
 */
export class Drain {
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
  readonly #budgetMs: number;
  readonly #maxInFlight: number;
  readonly #userClock: (() => number) | undefined;
  readonly #reading: ClockReading;
  readonly #timesSlices: () => boolean;
  readonly #onSliceEnd: (sliceStartedAtMs: number) => void;
  /** How many want what is queued to be dispatched; while nobody does, it waits. */
  #holders = 0;
  #scheduled = false;
  #markerSet = false;
  #turnStartMs = -Infinity;
  #turnStartUserMs = 0;
  #turnCalls = 0;
  /** How many of the next events are to be timed. */
  #toSample = 0;
  /**
   * Which route of the event in dispatch is being called, -1 if none is. A small integer costs no
   * write barrier; references to the event and the route, written for each call, would.
   */
  #called = -1;
  #begun: Begun | undefined;
  /** The slice that waits for the microtasks of the calls it has made. */
  #waiting: Slice | undefined;
  /** Whether an async call has been made since the last look at the clock. */
  #calledAsync = false;

  constructor(parts: DrainParts) {
    this.#queue = parts.queue;
    this.#routes = parts.routes;
    this.#failures = parts.failures;
    this.#budgetMs = parts.budgetMs;
    this.#maxInFlight = parts.maxInFlight;
    this.#userClock = parts.userClock;
    this.#reading = parts.reading;
    this.#timesSlices = parts.timesSlices;
    this.#onSliceEnd = parts.onSliceEnd;
  }

  /** How many events have met their end: all that left the queue, but for the one in dispatch. */
  get settled(): number {
    const inDispatch = this.#called < 0 && this.#begun === undefined ? 0 : 1;
    return this.#queue.shifted - inDispatch;
  }

  /** Whether nothing waits to be dispatched. */
  get idle(): boolean {
    return this.#queue.size === 0 && this.#begun === undefined;
  }

  /** Which call's synchronous part is running. */
  get call(): AsyncCall {
    return { name: "", event: this.#queue.shifted, index: this.#called };
  }

  /** The async calls under way, but for the one that asks. */
  callsBut(asking: AsyncCall): Set<AsyncCall> {
    return new Set(
      [...this.inFlight].filter(({ event, index }) =>
        event !== asking.event || index !== asking.index
      ),
    );
  }

  /** Gives up the rest of an event's routes. @returns its type, if there is such an event */
  abandon(): string | undefined {
    const type = this.#begun?.event.type;
    this.#begun = undefined;
    return type;
  }

  /** Lets the drain run for one more who wants it to. */
  retain(): void {
    this.#holders++;
    if (!this.idle) this.wake();
  }

  /** One less wants it to run. */
  release(): void {
    this.#holders--;
  }

  /** Makes sure that what was queued is taken up. */
  wake(): void {
    if (this.#holders === 0 || this.#scheduled && !REQUESTS_ARE_APART) return;
    this.#scheduled = true;
    inNeutralContext(this.#onWake);
  }

  /**
   * Runs one slice on the caller's stack, with a budget of its own: the turn's may be spent, and
   * the caller needs room now. What it takes still counts for the turn. Not while one is running.
   */
  runNow(): void {
    const now = monotonicMs();
    this.#slice(this.#newSlice(now), now, this.#userClock?.() ?? 0, false);
  }

  readonly #onWake = (): void => {
    // Where wakes may be lost, a slice may be that has waited in vain.
    this.#waiting = undefined;
    if (this.idle) {
      this.#scheduled = false;
      return;
    }
    // One event alone needs no clock of its own: its publish has just read it.
    const isAlone = this.#queue.size === 1 && !this.#timesSlices();
    const now = isAlone && this.#reading.monotonicMs || monotonicMs();
    this.#reading.monotonicMs = 0;
    const sinceMs = now - this.#turnStartMs;
    const isNewTurn = this.#markerSet
      ? REQUESTS_ARE_APART && sinceMs >= LOST_MARKER_MS
      : sinceMs >= TURN_MARKER_INTERVAL_MS;
    if (isNewTurn) {
      this.#beginTurn(now);
      this.#setMarker(REQUESTS_ARE_APART);
    }
    this.#continue(now, isNewTurn);
  };

  readonly #onMarker = (): void => {
    const now = monotonicMs();
    this.#markerSet = false;
    this.#beginTurn(now);
    if (this.#scheduled && this.#waiting === undefined) this.#continue(now, true);
  };

  #setMarker(again = false): void {
    if (this.#markerSet && !again) return;
    this.#markerSet = true;
    nextTurn(this.#onMarker);
  }

  #beginTurn(now: number): void {
    this.#turnStartMs = now;
    if (this.#userClock !== undefined) this.#turnStartUserMs = this.#userClock();
    this.#turnCalls = 0;
  }

  /** Whether a budget that began then is spent, or no clock says anything, after so many calls. */
  #spent(startMs: number, startUserMs: number, now: number, calls: number, most: number): boolean {
    const tookMs = now - startMs;
    const tookUserMs = this.#userClock === undefined ? 0 : this.#userClock() - startUserMs;
    return tookMs >= this.#budgetMs || tookUserMs >= this.#budgetMs ||
      calls >= most && tookMs === 0 && tookUserMs === 0;
  }

  #newSlice(now: number): Slice {
    return { startedAtMs: now, lookedAtMs: now, interval: 1, calls: 0 };
  }

  /** @param isNewTurn then its budget is not spent, whatever the clocks say */
  #continue(now: number, isNewTurn: boolean): void {
    const [startMs, startUserMs] = [this.#turnStartMs, this.#turnStartUserMs];
    const most = Math.max(MIN_TURN_CALLS, this.#queue.limit);
    if (
      this.#holders > 0 &&
      (isNewTurn || !this.#spent(startMs, startUserMs, now, this.#turnCalls, most)) &&
      this.#slice(this.#newSlice(now), startMs, startUserMs, true)
    ) return;
    this.#endWake();
  }

  #endWake(): void {
    this.#scheduled = this.#holders > 0 && !this.idle;
    if (this.#scheduled) this.#setMarker();
  }

  /**
   * @param mayWait whether it may let other microtasks run before it goes on
   * @returns whether it does so
   */
  #slice(slice: Slice, startMs: number, startUserMs: number, mayWait: boolean): boolean {
    this.running = true;
    const { limit } = this.#queue;
    for (;;) {
      const { interval } = slice;
      const most = slice.calls < limit ? Math.min(interval, limit - slice.calls) : interval;
      let left = most;
      let made = 1;
      while (left > 0 && made > 0) {
        made = this.next(left);
        left -= made;
      }
      slice.calls += most - left;
      this.#turnCalls += most - left;
      if (this.idle) break;
      if (mayWait && this.#calledAsync) {
        this.running = false;
        this.#waiting = slice;
        inNeutralContext(this.#onOthersRun);
        return true;
      }
      if (this.#look(slice, startMs, startUserMs)) break;
    }
    this.#endSlice(slice);
    return false;
  }

  /** Looks at the clock. @returns whether the slice is to end */
  #look(slice: Slice, startMs: number, startUserMs: number): boolean {
    const now = monotonicMs();
    const tookMs = now - slice.lookedAtMs;
    if (tookMs > this.#budgetMs) this.#toSample = SAMPLED_EVENTS;
    if (this.#spent(startMs, startUserMs, now, slice.calls, this.#queue.limit)) return true;
    slice.lookedAtMs = now;
    slice.interval = tookMs > slice.interval * this.#budgetMs * LONG_CALL_SHARE
      ? 1
      : this.#calledAsync
      ? MAX_ASYNC_CHECK_INTERVAL
      : MAX_CHECK_INTERVAL;
    return false;
  }

  /** Goes on with the slice that has let other microtasks run. */
  readonly #onOthersRun = (): void => {
    const slice = this.#waiting;
    this.#waiting = undefined;
    if (slice === undefined) return;
    const [startMs, startUserMs] = [this.#turnStartMs, this.#turnStartUserMs];
    const isOver = this.idle || this.#look(slice, startMs, startUserMs) || this.#holders === 0;
    this.#calledAsync = false;
    if (isOver) this.#endSlice(slice);
    else if (this.#slice(slice, startMs, startUserMs, true)) return;
    this.#endWake();
  };

  #endSlice({ startedAtMs }: Slice): void {
    this.#onSliceEnd(startedAtMs);
    this.running = false;
    this.changed();
  }

  /** Has everybody look who waits for something here. */
  changed(): void {
    if (this.changes.size > 0) { for (const look of this.changes) look(); }
  }

  /**
   * Dispatches the oldest event, or the rest of it.
   *
   * @param most how many routes may be called, 1 at least
   * @returns how many were, 1 for an event that reaches nobody; 0 if there is no event
   */
  next(most = Infinity): number {
    const begun = this.#begun;
    this.#begun = undefined;
    const event = begun === undefined ? this.#queue.shift() : begun.event;
    if (event === undefined) return 0;
    const routes = begun === undefined ? this.#routes.of(event.type) : begun.routes;
    const first = begun === undefined ? 0 : begun.index;
    const end = Math.min(routes.length, first + most);
    const timed = this.#toSample > 0;
    if (timed) this.#toSample--;
    // At the end of a process, a handler's exit() dispatches what is left from within.
    const outer = this.#called;
    for (let index = first; index < end; index++) {
      this.#called = index;
      const route = routes[index] as Route;
      if (timed) this.#callTimed(route, event);
      else this.#call(route, event);
    }
    this.#called = outer;
    if (end < routes.length) this.#begun = { event, routes, index: end };
    return end - first || 1;
  }

  #call(route: Route, event: BusEvent): void {
    try {
      // Taken out first: called on the route, the handler would see the route as `this`.
      const { handler } = route;
      const result = handler(event);
      if (isThenable(result)) this.#follow(route, event.type, result);
    } catch (error) {
      this.#failures.count(route.name, event.type, error);
    }
  }

  #callTimed(route: Route, event: BusEvent): void {
    const startedAt = monotonicMs();
    this.#call(route, event);
    const tookMs = monotonicMs() - startedAt;
    if (tookMs < this.#budgetMs) return;
    this.#failures.report(
      this.slow,
      route.name,
      `held the event loop for ${tookMs.toFixed(1)} ms`,
    );
  }

  #follow(route: Route, type: string, result: object): void {
    const { name, handler } = route;
    const call: AsyncCall = { name, event: this.#queue.shifted, index: this.#called };
    this.#calledAsync = true;
    this.#failures.follow(name, type, result, () => {
      this.inFlight.delete(call);
      route.inFlight--;
      route.handler = handler;
      this.changed();
    });
    this.inFlight.add(call);
    // Put in the handler's place, so that the check costs nothing while there is nothing to skip.
    if (++route.inFlight >= this.#maxInFlight) {
      route.handler = () =>
        this.#failures.report(
          this.skipped,
          name,
          `is skipped: it has ${route.inFlight} calls pending`,
        );
    }
  }
}
