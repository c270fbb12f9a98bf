import { clearTimer, setTimer } from "./clocks.ts";
import { MAX_DELAY_MS } from "./tuning.ts";

export { MAX_DELAY_MS };

/** Lets the process end while the timer waits; browsers' timers are numbers and never keep one. */
export function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
}

/**
 * Waits for a promise at most so long, and says whether it settled in time; it rejects as the
 * promise does. The timer keeps the process alive: somebody waits for the result.
 *
 * @param signal ends the wait when it aborts while waiting
 */
export async function settlesWithin(
  ms: number,
  promise: Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const expire = () => resolve(false);
  const timer = setTimer(expire, Math.min(ms, MAX_DELAY_MS));
  signal?.addEventListener("abort", expire);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimer(timer);
    signal?.removeEventListener("abort", expire);
  }
}

/** Waits; cut short by the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimer(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimer(end, Math.min(ms, MAX_DELAY_MS));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
