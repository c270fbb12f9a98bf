import { clearTimer, setTimer, type Timer, wallMs } from "../../internal/clocks.ts";
import { inNeutralContext } from "../../internal/neutral_context.ts";
import { MAX_DELAY_MS, unref } from "../../internal/timers.ts";
import type { PairsGroup } from "./pairs_group.ts";

/** The shortest time between two looks at what is overdue, in milliseconds. */
const MIN_DELAY_MS = 1_000;

/** What can expire, such as an `OpenPairs`. */
export interface Expirable {
  /** How long the oldest start may still wait, as of the last `expire`; `Infinity` without one. */
  readonly oldestDueInMs: number;
  /** Expires what has waited too long. */
  expire(nowMs: number): void;
}

/**
 * Has what waits for an end expire by a clock, with or without traffic.
 *
 * - The clock is read at the end of a slice that has opened something, and when somebody asks; a
 *   start waits since that reading. What can expire is only looked at when something may be overdue:
 *   a slice costs the same however much there is.
 * - While something is open, a timer is set for when the oldest is due, in a second at least. It
 *   keeps no process alive, and once nothing is open it is not set again: a subscriber that is no
 *   longer registered comes to rest by itself.
 * - The timer belongs to no request: its async context is the neutral one, and where a request took
 *   its timers with it, the next slice that opens something sets another.
 */
export class Expiry {
  /** Milliseconds since the epoch: the bus's clock, once it is known. */
  now: () => number = wallMs;
  readonly #group: PairsGroup;
  readonly #parts: readonly Expirable[];
  readonly #onTimer: () => void;
  #timer: Timer | undefined;
  /** When the timer is due, by `now`; `undefined` if none is set or about to be. */
  #timerDueMs: number | undefined;
  /** When the first may be overdue, as the group measures time, or before. */
  #dueElapsedMs = -Infinity;
  /** Whether somebody asked within a slice, after something was opened in it. */
  #askedInSlice = false;

  /**
   * @param group that of all parts
   * @param parts what can expire, all at one age; it may grow
   * @param onTimer called when the timer has had overdue starts expire; it must not throw
   */
  constructor(group: PairsGroup, parts: readonly Expirable[], onTimer: () => void) {
    this.#group = group;
    this.#parts = parts;
    this.#onTimer = onTimer;
  }

  /** Called at the end of a slice: reads the clock only if something was opened in it. */
  endSlice(): void {
    if (this.#group.unstamped === 0 && !this.#askedInSlice) return;
    this.#askedInSlice = false;
    const nowMs = this.now();
    this.#group.read(nowMs);
    if (this.#group.elapsedMs > this.#dueElapsedMs) this.#expireParts(nowMs);
    this.#setTimer(nowMs);
  }

  /** Expires what is overdue. @returns the time, which is only read if something is open */
  expire(): number | undefined {
    if (this.#group.open === 0) return undefined;
    if (this.#group.unstamped > 0) this.#askedInSlice = true;
    const nowMs = this.now();
    this.#expireParts(nowMs);
    return nowMs;
  }

  #expireParts(nowMs: number): void {
    for (const part of this.#parts) part.expire(nowMs);
    // What is opened from now on is due later.
    this.#dueElapsedMs = this.#group.open === 0
      ? -Infinity
      : this.#group.elapsedMs + this.#oldestDueInMs();
  }

  #oldestDueInMs(): number {
    let oldest = Infinity;
    for (const { oldestDueInMs } of this.#parts) oldest = Math.min(oldest, oldestDueInMs);
    return oldest;
  }

  /** Ends the timer. */
  stop(): void {
    clearTimer(this.#timer);
    this.#timer = this.#timerDueMs = undefined;
  }

  #setTimer(nowMs: number | undefined): void {
    if (nowMs === undefined || this.#group.open === 0 || this.#dueElapsedMs === Infinity) return;
    const dueMs = this.#timerDueMs;
    // One that should have fired long ago is lost, with the request that it was set in.
    if (dueMs !== undefined && nowMs <= dueMs + MIN_DELAY_MS) return;
    this.stop();
    const delayMs = Math.min(Math.max(this.#oldestDueInMs(), MIN_DELAY_MS), MAX_DELAY_MS);
    const timerDueMs = this.#timerDueMs = nowMs + delayMs;
    inNeutralContext(() => {
      // It may have been stopped since then, or set once more.
      if (this.#timer !== undefined || this.#timerDueMs !== timerDueMs) return;
      try {
        unref(this.#timer = setTimer(this.#look, delayMs));
      } catch {
        // Some runtimes have no timers while a module is evaluated: the next slice tries again.
        this.#timerDueMs = undefined;
      }
    });
  }

  readonly #look = (): void => {
    this.#timer = this.#timerDueMs = undefined;
    const nowMs = this.expire();
    this.#onTimer();
    this.#setTimer(nowMs);
  };
}
