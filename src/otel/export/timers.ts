/** Lets the process end while the timer waits; browsers' timers are numbers and never keep one. */
export function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
}

/**
 * Waits for a promise at most so long, and says whether it was in time; it rejects as the promise
 * does. The timer keeps the process alive: somebody waits for the answer.
 */
export async function withinMs(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  // Longer than a timer can be is as good as for ever.
  const timer = setTimeout(() => resolve(false), Math.min(ms, 2 ** 31 - 1));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits; cut short by the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
