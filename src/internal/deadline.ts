import type { DeadlineOptions } from "../library/options.ts";
import { invalidArgument } from "./arguments.ts";
import { clearTimer, setTimer, type Timer } from "./clocks.ts";
import { REQUESTS_ARE_APART } from "./neutral_context.ts";
import { MAX_DELAY_MS } from "./timers.ts";

/** The default of `DeadlineOptions.timeoutMs`. */
export const DEFAULT_TIMEOUT_MS = 5_000;
/** Where no other request can say that something has changed, it is looked at so often. */
const LOOK_INTERVAL_MS = 5;

/**
 * Checks a deadline and fills in its default.
 *
 * @param action what the deadline is for, such as `"flush EventBus"`
 */
export function resolveTimeoutMs(action: string, options: DeadlineOptions): number {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) {
    invalidArgument(RangeError, action, "timeoutMs", "a number of at least 0", timeoutMs);
  }
  return Math.min(timeoutMs, MAX_DELAY_MS);
}

/** A point in time that several steps of one operation share. */
export class Deadline {
  /** Whether it has passed. */
  passed = false;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: Timer;
  /** What ends the waits that are under way. */
  readonly #waits = new Set<() => void>();

  /** @param signal makes it pass at once when it aborts */
  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.#signal = signal;
    this.#timer = setTimer(this.#pass, timeoutMs);
    signal?.addEventListener("abort", this.#pass);
    this.passed = signal?.aborted === true;
  }

  readonly #pass = (): void => {
    this.passed = true;
    for (const end of this.#waits) end();
  };

  /**
   * Waits until something is so, but not beyond the deadline. It leaves nothing behind on what it
   * waits for.
   *
   * @param changes holds what is called whenever it may have become so
   * @returns whether it is so
   */
  until(isSo: () => boolean, changes: Set<() => void>): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const look = (): void => {
        clearTimer(timer);
        const so = isSo();
        if (so || this.passed) {
          changes.delete(look);
          this.#waits.delete(look);
          resolve(so);
        } else if (REQUESTS_ARE_APART) {
          timer = setTimer(look, LOOK_INTERVAL_MS);
        }
      };
      changes.add(look);
      this.#waits.add(look);
      look();
    });
  }

  /** Waits for `work`, but not beyond the deadline. @returns whether the work was done in time */
  async waitFor(work: Promise<unknown>): Promise<boolean> {
    let end!: () => void;
    const late = new Promise<boolean>((resolve) => {
      end = () => resolve(false);
    });
    this.#waits.add(end);
    if (this.passed) end();
    const done = await Promise.race([work.then(() => true), late]);
    this.#waits.delete(end);
    return done;
  }

  /** Ends it; it passes no more. */
  clear(): void {
    clearTimer(this.#timer);
    this.#signal?.removeEventListener("abort", this.#pass);
  }
}
