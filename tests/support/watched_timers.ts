/** The delays of all timers that are set until the end of its scope, in milliseconds. */
export interface WatchedTimers extends Disposable {
  readonly delaysMs: readonly number[];
}

/** Watches `setTimeout`, so that a test of a long time need not wait for it. */
export function watchTimers(): WatchedTimers {
  const { setTimeout } = globalThis;
  const delaysMs: number[] = [];
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    delaysMs.push(ms);
    return setTimeout(callback, ms);
  }) as typeof setTimeout;
  return {
    delaysMs,
    [Symbol.dispose]: () => {
      globalThis.setTimeout = setTimeout;
    },
  };
}

/** Lets timers of one delay fire at once until the end of its scope; all others keep their time. */
export function hurryTimers(delayMs: number): Disposable {
  const { setTimeout } = globalThis;
  globalThis.setTimeout =
    ((callback: () => void, ms = 0) =>
      setTimeout(callback, ms === delayMs ? 0 : ms)) as typeof setTimeout;
  return {
    [Symbol.dispose]: () => {
      globalThis.setTimeout = setTimeout;
    },
  };
}
