import type { DeadlineOptions } from "../library/options.ts";
import { invalidArgument } from "./arguments.ts";
import { MAX_DELAY_MS } from "./timers.ts";

/** The default of `DeadlineOptions.timeoutMs`. */
export const DEFAULT_TIMEOUT_MS = 5_000;

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
  /** Whether it has passed while somebody was waiting. */
  passed = false;
  readonly #expired: Promise<boolean>;
  readonly #signal: AbortSignal | undefined;
  #expire!: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param signal makes it pass at once when it aborts */
  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.#signal = signal;
    this.#expired = new Promise((resolve) => {
      this.#expire = () => resolve(false);
    });
    this.#timer = setTimeout(this.#expire, timeoutMs);
    signal?.addEventListener("abort", this.#expire);
    if (signal?.aborted) this.#expire();
  }

  /** Waits for `work`, but not beyond the deadline. @returns whether the work was done in time */
  async waitFor(work: Promise<unknown>): Promise<boolean> {
    const done = await Promise.race([work.then(() => true), this.#expired]);
    this.passed ||= !done;
    return done;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#expire);
  }
}
