import type { DeadlineOptions } from "../library/options.ts";
import { invalidArgument } from "./arguments.ts";
import { clearTimer, setTimer } from "./clocks.ts";
import { REQUESTS_ARE_APART } from "./neutral_context.ts";
import { DEFAULT_TIMEOUT_MS, LOOK_INTERVAL_MS, MAX_DELAY_MS } from "./tuning.ts";

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
  /** Ends it; it passes no more. */
  readonly clear: () => void;
  readonly #expired: Promise<boolean>;

  /** @param signal makes it pass at once when it aborts */
  constructor(timeoutMs: number, signal?: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#expired = promise;
    const expire = () => {
      this.passed = true;
      resolve(false);
    };
    // First of all: what is no signal throws, and must leave no timer behind.
    signal?.addEventListener("abort", expire);
    if (signal?.aborted) expire();
    const timer = setTimer(expire, timeoutMs);
    this.clear = () => {
      clearTimer(timer);
      signal?.removeEventListener("abort", expire);
    };
  }

  /** Waits for `work`, but not beyond the deadline. @returns whether the work was done in time */
  waitFor(work: Promise<unknown>): Promise<boolean> {
    return Promise.race([work.then(() => true), this.#expired]);
  }

  /**
   * Waits until something is so, but not beyond the deadline. It leaves nothing behind on what it
   * waits for.
   *
   * @param changes holds what is called whenever it may have become so
   * @returns whether it became so in time
   */
  async until(isSo: () => boolean, changes: Set<() => void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (isSo()) resolve();
    };
    changes.add(look);
    const timer = REQUESTS_ARE_APART ? setInterval(look, LOOK_INTERVAL_MS) : undefined;
    look();
    const inTime = await this.waitFor(promise);
    clearInterval(timer);
    changes.delete(look);
    return inTime;
  }
}
