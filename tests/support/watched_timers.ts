import { clocks } from "../../src/internal/clocks.ts";

/** The delays of all timers that are set until the end of its scope, in milliseconds. */
export interface WatchedTimers extends Disposable {
  readonly delaysMs: readonly number[];
}

/** Watches the timers of the package, and those that others set, so that a test of a long time need not wait for it. */
export function watchTimers(): WatchedTimers {
  const { setTimeout: set } = clocks;
  const { setTimeout } = globalThis;
  const delaysMs: number[] = [];
  clocks.setTimeout = (callback, ms) => {
    delaysMs.push(ms);
    return set(callback, ms);
  };
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    delaysMs.push(ms);
    return setTimeout(callback, ms);
  }) as typeof setTimeout;
  return {
    delaysMs,
    [Symbol.dispose]: () => {
      globalThis.setTimeout = setTimeout;
      clocks.setTimeout = set;
    },
  };
}

/** Lets timers of one delay fire at once until the end of its scope; all others keep their time. */
export function hurryTimers(delayMs: number): Disposable {
  const { setTimeout: set } = clocks;
  clocks.setTimeout = (callback, ms) => set(callback, ms === delayMs ? 0 : ms);
  return {
    [Symbol.dispose]: () => {
      clocks.setTimeout = set;
    },
  };
}

/** A timer of the package that fires when a test says so. */
export interface HeldTimer {
  readonly delayMs: number;
  fire(): void;
}

/**
 * Holds the package's timers of `minDelayMs` and more until the end of its scope; others keep their
 * time. One that is cleared stays among those that wait; one that is not is a leak that Deno finds.
 */
export function holdTimers(
  minDelayMs = 1_000,
): Disposable & { readonly waiting: readonly HeldTimer[] } {
  const { setTimeout: set } = clocks;
  const waiting: HeldTimer[] = [];
  clocks.setTimeout = (callback, delayMs) => {
    if (delayMs < minDelayMs) return set(callback, delayMs);
    // Days from now: the test is over by then.
    const timer = set(() => {}, 2 ** 31 - 1);
    const held = {
      delayMs,
      fire: () => {
        clearTimeout(timer);
        waiting.splice(waiting.indexOf(held), 1);
        callback();
      },
    };
    waiting.push(held);
    return timer;
  };
  return {
    waiting,
    [Symbol.dispose]: () => {
      clocks.setTimeout = set;
    },
  };
}
