import type { BusEvent } from "../events/event.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { nextTurn } from "./macrotask.ts";

/** Without a new turn for this long, a slice takes itself to be in a new one; see {@linkcode Drain}. */
const TURN_MARKER_INTERVAL_MS = 1;
/** The most events between two looks at the clock. */
const MAX_CHECK_INTERVAL = 32;
/** An interval that took this share of the budget makes the next one shorter. */
const LONG_INTERVAL_SHARE = 1 / 32;
/** After an interval that took more than the whole budget, so many events are timed one by one. */
const SAMPLED_EVENTS = 16;
/** The events of one turn where the clock stands still: the queue's bound, and at least this. */
const MIN_TURN_EVENTS = 10_000;

/** What belongs to one turn of the event loop. */
interface Turn {
  readonly startMs: number;
  readonly startUserMs: number;
  events: number;
}

/**
 * Has the queue dispatched in slices.
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
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #dispatcher: Dispatcher;
  readonly #budgetMs: number;
  readonly #userClock: () => number;
  readonly #onSliceEnd: () => void;
  #active = false;
  #scheduled = false;
  #markerSet = false;
  #turn: Turn = { startMs: -Infinity, startUserMs: 0, events: 0 };
  /** How many of the next events are to be timed. */
  #toSample = 0;

  /**
   * @param userClock it can end a slice, but not prolong it
   * @param onSliceEnd called at the end of each slice
   */
  constructor(
    queue: BoundedQueue<BusEvent>,
    dispatcher: Dispatcher,
    budgetMs: number,
    userClock: () => number,
    onSliceEnd: () => void,
  ) {
    this.#queue = queue;
    this.#dispatcher = dispatcher;
    this.#budgetMs = budgetMs;
    this.#userClock = userClock;
    this.#onSliceEnd = onSliceEnd;
  }

  /** Lets the drain run, or not; what is queued while it may not waits. */
  set active(active: boolean) {
    this.#active = active;
    if (this.#queue.size > 0) this.wake();
  }

  /** Makes sure that what was queued is taken up. */
  wake(): void {
    if (this.#scheduled || !this.#active) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /**
   * Runs one slice on the caller's stack, with a budget of its own: the turn's may be spent, and
   * the caller needs room now. What it takes still counts for the turn. Not while one is running.
   */
  runNow(): void {
    const turn = this.#turn;
    const now = performance.now();
    this.#beginTurn(now);
    this.#slice(now);
    turn.events += this.#turn.events;
    this.#turn = turn;
  }

  readonly #onMicrotask = (): void => {
    const now = performance.now();
    if (!this.#markerSet && now - this.#turn.startMs >= TURN_MARKER_INTERVAL_MS) {
      this.#beginTurn(now);
      this.#setMarker();
    }
    this.#continue(now);
  };

  readonly #onMarker = (): void => {
    this.#markerSet = false;
    const now = performance.now();
    this.#beginTurn(now);
    if (this.#scheduled) this.#continue(now);
  };

  #setMarker(): void {
    if (this.#markerSet) return;
    this.#markerSet = true;
    nextTurn(this.#onMarker);
  }

  #beginTurn(now: number): void {
    this.#turn = { startMs: now, startUserMs: this.#userClock(), events: 0 };
  }

  #spent(now: number): boolean {
    const { startMs, startUserMs, events } = this.#turn;
    return now - startMs >= this.#budgetMs ||
      events >= Math.max(MIN_TURN_EVENTS, this.#queue.limit) ||
      this.#userClock() - startUserMs >= this.#budgetMs;
  }

  #continue(now: number): void {
    if (this.#active && !this.#spent(now)) this.#slice(now);
    this.#scheduled = this.#active && this.#queue.size > 0;
    if (this.#scheduled) this.#setMarker();
  }

  #slice(start: number): void {
    this.running = true;
    const queue = this.#queue;
    const dispatcher = this.#dispatcher;
    let left = queue.limit;
    let interval = 1;
    let lookedAt = start;
    while (left > 0) {
      const upTo = Math.min(interval, left);
      let count = 0;
      while (count < upTo && dispatcher.dispatchNext(this.#toSample > 0 ? this.#budgetMs : 0)) {
        if (this.#toSample > 0) this.#toSample--;
        count++;
      }
      this.#turn.events += count;
      left -= count;
      if (queue.size === 0) break;
      const now = performance.now();
      const took = now - lookedAt;
      if (took > this.#budgetMs) this.#toSample = SAMPLED_EVENTS;
      if (this.#spent(now)) break;
      lookedAt = now;
      interval = took > this.#budgetMs * LONG_INTERVAL_SHARE
        ? Math.max(1, interval >> 2)
        : Math.min(MAX_CHECK_INTERVAL, interval * 2);
    }
    this.#onSliceEnd();
    this.running = false;
  }
}
