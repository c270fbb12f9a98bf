import type { BusEvent } from "../events/event.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import { type Failures, isThenable } from "./failures.ts";
import { nextTurn } from "../internal/turns.ts";
import type { Route, Routes } from "./routes.ts";
import { Tally } from "./tally.ts";

/** At most one marker is set in so many milliseconds; see {@linkcode Drain}. */
const TURN_MARKER_INTERVAL_MS = 1;
/** The most events between two looks at the clock. */
const MAX_CHECK_INTERVAL = 32;
/** An event that took this share of the budget has the clock looked at after each one. */
const LONG_EVENT_SHARE = 1 / 512;
/** After an interval that took more than the whole budget, so many events are timed one by one. */
const SAMPLED_EVENTS = 16;
/** The events of one turn where the clock stands still: the queue's bound, and at least this. */
const MIN_TURN_EVENTS = 10_000;

/** What a drain works on, and its limits. */
interface DrainParts {
  readonly queue: BoundedQueue<BusEvent>;
  readonly routes: Routes;
  readonly failures: Failures;
  readonly budgetMs: number;
  readonly maxInFlight: number;
  /** It can end a slice, but not prolong it. */
  readonly userClock: () => number;
  /** Called at the end of each slice. */
  readonly onSliceEnd: (sliceStartedAtMs: number) => void;
}

/**
 * Takes events off the queue in slices and hands each to everybody who listens. Whatever a handler
 * throws or rejects with ends there, counted.
 *
 * A microtask runs the first slice. A slice ends when the queue is empty, when the turn's budget is
 * spent, or after as many events as the queue holds; what is left goes on in a later turn.
 *
 * The budget belongs to the turn of the event loop, not to the slice: code that awaits and
 * publishes again runs in the same turn, and would starve timers if each slice had a budget of its
 * own. No runtime tells when a turn ends, so a marker is set: a macrotask whose arrival proves it.
 * One costs microseconds, so at most one a millisecond is set; slices less than a millisecond
 * after the last share its budget.
 */
export class Drain {
  /** Whether a slice is on the stack. */
  running = false;
  /** Calls that were seen to take as long as the budget, by the handler's name. */
  readonly slow: Tally = new Tally();
  /** Events that passed by a handler with too many calls pending, by its name. */
  readonly skipped: Tally = new Tally();
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #budgetMs: number;
  readonly #maxInFlight: number;
  readonly #userClock: () => number;
  readonly #onSliceEnd: (sliceStartedAtMs: number) => void;
  /** How many want what is queued to be dispatched; while nobody does, it waits. */
  #holders = 0;
  #scheduled = false;
  #markerSet = false;
  #turnStartMs = -Infinity;
  #turnStartUserMs = 0;
  #turnEvents = 0;
  /** How many of the next events are to be timed. */
  #toSample = 0;
  /**
   * Which route of the event in dispatch is being called, -1 if none is. A small integer costs no
   * write barrier; references to the event and the route, written for each call, would.
   */
  #called = -1;
  /** Async calls that have not settled, by what tells one call from all others. */
  readonly #inFlight = new Map<string, Promise<unknown>>();

  constructor(parts: DrainParts) {
    this.#queue = parts.queue;
    this.#routes = parts.routes;
    this.#failures = parts.failures;
    this.#budgetMs = parts.budgetMs;
    this.#maxInFlight = parts.maxInFlight;
    this.#userClock = parts.userClock;
    this.#onSliceEnd = parts.onSliceEnd;
  }

  /** How many events have met their end: all that left the queue, but for the one in dispatch. */
  get settled(): number {
    return this.#queue.shifted - (this.#called < 0 ? 0 : 1);
  }

  /** Tells the call whose synchronous part is running from all others. */
  get call(): string {
    return `${this.#queue.shifted} ${this.#called}`;
  }

  /** The async calls under way, but for the one that is asking. */
  pending(asking: string): Promise<unknown>[] {
    return [...this.#inFlight].filter(([call]) => call !== asking).map(([, settled]) => settled);
  }

  /** Lets the drain run for one more who wants it to. */
  retain(): void {
    this.#holders++;
    if (this.#queue.size > 0) this.wake();
  }

  /** One less wants it to run. */
  release(): void {
    this.#holders--;
  }

  /** Makes sure that what was queued is taken up. */
  wake(): void {
    if (this.#scheduled || this.#holders === 0) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /**
   * Runs one slice on the caller's stack, with a budget of its own: the turn's may be spent, and
   * the caller needs room now. What it takes still counts for the turn. Not while one is running.
   */
  runNow(): void {
    this.#slice(performance.now(), this.#userClock());
  }

  readonly #onMicrotask = (): void => {
    const now = performance.now();
    if (now - this.#turnStartMs >= TURN_MARKER_INTERVAL_MS && !this.#markerSet) {
      this.#beginTurn(now);
      this.#setMarker();
    }
    this.#continue(now);
  };

  readonly #onMarker = (): void => {
    const now = performance.now();
    this.#markerSet = false;
    this.#beginTurn(now);
    if (this.#scheduled) this.#continue(now);
  };

  #setMarker(): void {
    if (this.#markerSet) return;
    this.#markerSet = true;
    nextTurn(this.#onMarker);
  }

  #beginTurn(now: number): void {
    this.#turnStartMs = now;
    this.#turnStartUserMs = this.#userClock();
    this.#turnEvents = 0;
  }

  #spent(startMs: number, startUserMs: number, now: number): boolean {
    return now - startMs >= this.#budgetMs || this.#userClock() - startUserMs >= this.#budgetMs;
  }

  /** @param now as the turn began, if it has just done so: it must not find its budget spent */
  #continue(now: number): void {
    const [startMs, startUserMs] = [this.#turnStartMs, this.#turnStartUserMs];
    if (
      this.#holders > 0 && this.#turnEvents < Math.max(MIN_TURN_EVENTS, this.#queue.limit) &&
      !this.#spent(startMs, startUserMs, now)
    ) this.#slice(startMs, startUserMs);
    this.#scheduled = this.#holders > 0 && this.#queue.size > 0;
    if (this.#scheduled) this.#setMarker();
  }

  #slice(startMs: number, startUserMs: number): void {
    this.running = true;
    const queue = this.#queue;
    const budgetMs = this.#budgetMs;
    let left = queue.limit;
    let interval = 1;
    const startedAt = performance.now();
    let lookedAt = startedAt;
    while (true) {
      const upTo = Math.min(interval, left);
      let count = 0;
      while (count < upTo && this.next()) count++;
      this.#turnEvents += count;
      left -= count;
      if (left === 0 || queue.size === 0) break;
      const now = performance.now();
      const took = now - lookedAt;
      if (took > budgetMs) this.#toSample = SAMPLED_EVENTS;
      if (this.#spent(startMs, startUserMs, now)) break;
      lookedAt = now;
      interval = took > interval * budgetMs * LONG_EVENT_SHARE ? 1 : MAX_CHECK_INTERVAL;
    }
    this.#onSliceEnd(startedAt);
    this.running = false;
  }

  /** Dispatches the oldest event. @returns whether there was one */
  next(): boolean {
    const event = this.#queue.shift();
    if (event === undefined) return false;
    const routes = this.#routes.of(event.type);
    const timed = this.#toSample > 0;
    if (timed) this.#toSample--;
    // At the end of a process, a handler's exit() dispatches what is left from within.
    const outer = this.#called;
    for (let index = 0; index < routes.length; index++) {
      this.#called = index;
      const route = routes[index] as Route;
      if (timed) this.#callTimed(route, event);
      else this.#call(route, event);
    }
    this.#called = outer;
    return true;
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
    const startedAt = performance.now();
    this.#call(route, event);
    const tookMs = performance.now() - startedAt;
    if (tookMs < this.#budgetMs) return;
    this.#failures.report(
      this.slow,
      route.name,
      `held the event loop for ${tookMs.toFixed(1)} ms`,
    );
  }

  #follow(route: Route, type: string, result: object): void {
    const { call } = this;
    const { name, handler } = route;
    const settled = this.#failures.follow(name, type, result).then(() => {
      this.#inFlight.delete(call);
      route.inFlight--;
      route.handler = handler;
    });
    this.#inFlight.set(call, settled);
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
