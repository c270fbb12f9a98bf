import { clearTimer, setTimer, type Timer, wallMs } from "../../internal/clocks.ts";
import { inNeutralContext } from "../../internal/neutral_context.ts";
import { MAX_DELAY_MS, unref } from "../../internal/timers.ts";

/** The shortest time between two looks at what is overdue, in milliseconds. */
const MIN_DELAY_MS = 1_000;

/** What can expire, such as an `OpenPairs`. */
export interface Expirable {
  /** Whether a start is open that no reading of the clock has been given for. */
  readonly hasUnstamped: boolean;
  /** How long the oldest start may still wait, as of the last `expire`; `Infinity` without one. */
  readonly oldestDueInMs: number;
  /** Expires what has waited too long. */
  expire(nowMs: number): void;
}

/**
 * Has what waits for an end expire by a clock, with or without traffic.
 *
 * - The clock is read at the end of a slice that has opened something, and when somebody asks; a
 *   start waits since that reading.
 * - While something is open, a timer is set for when the oldest is due, in a second at least. It
 *   keeps no process alive, and once nothing is open it is not set again: a subscriber that is no
 *   longer registered comes to rest by itself.
 * - The timer belongs to no request: its async context is the neutral one, and where a request took
 *   its timers with it, the next slice that opens something sets another.
 */
export class Expiry {
  /** Milliseconds since the epoch: the bus's clock, once it is known. */
  now: () => number = wallMs;
  readonly #parts: readonly Expirable[];
  readonly #onTimer: () => void;
  #timer: Timer | undefined;
  /** When the timer is due, by `now`; `undefined` if none is set or about to be. */
  #timerDueMs: number | undefined;

  /**
   * @param parts what can expire; it may grow
   * @param onTimer called when the timer has had overdue starts expire; it must not throw
   */
  constructor(parts: readonly Expirable[], onTimer: () => void) {
    this.#parts = parts;
    this.#onTimer = onTimer;
  }

  /** Called at the end of a slice: reads the clock only if something was opened in it. */
  endSlice(): void {
    if (this.#parts.some(hasUnstamped)) this.#setTimer(this.expire());
  }

  /** Expires what is overdue. @returns the time, which is only read if something is open */
  expire(): number | undefined {
    if (this.#parts.every(isEmpty)) return undefined;
    const nowMs = this.now();
    for (const part of this.#parts) part.expire(nowMs);
    return nowMs;
  }

  /** Ends the timer. */
  stop(): void {
    clearTimer(this.#timer);
    this.#timer = this.#timerDueMs = undefined;
  }

  #setTimer(nowMs: number | undefined): void {
    if (nowMs === undefined || this.#parts.every(isEmpty)) return;
    const dueMs = this.#timerDueMs;
    // One that should have fired long ago is lost, with the request that it was set in.
    if (dueMs !== undefined && nowMs <= dueMs + MIN_DELAY_MS) return;
    this.stop();
    const dueInMs = Math.min(...this.#parts.map(({ oldestDueInMs }) => oldestDueInMs));
    const delayMs = Math.min(Math.max(dueInMs, MIN_DELAY_MS), MAX_DELAY_MS);
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

function hasUnstamped(part: Expirable): boolean {
  return part.hasUnstamped;
}

function isEmpty(part: Expirable): boolean {
  return part.oldestDueInMs === Infinity;
}
