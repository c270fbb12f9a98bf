/** What ends at a stop has so long from the first signal on, in milliseconds, all of it together. */
const STOP_MS = 4_000;
/** Then the process ends, whatever is left. */
export const END_MS = 5_000;

/** What each step has in any case. */
const MOMENT_MS = 100;

/** The end of a run, asked for once. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #timeMs: number;
  #endsAt = Infinity;

  /** @param timeMs how long all of it may take */
  constructor(timeMs = STOP_MS) {
    this.#timeMs = timeMs;
  }

  /** Aborts when it is asked for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Asks for it. */
  ask(): void {
    if (this.signal.aborted) return;
    this.#endsAt = performance.now() + this.#timeMs;
    this.#controller.abort();
  }

  /** What is left of its time; all of it where nobody has asked yet. */
  get leftMs(): number {
    return Math.max(0, Math.min(this.#timeMs, this.#endsAt - performance.now()));
  }

  /** Waits for something; when a stop is asked for, no longer than {@linkcode hurry} does. */
  async waitFor(work: Promise<unknown>): Promise<boolean> {
    await Promise.race([work, aborted(this.signal)]);
    return await this.hurry(work);
  }

  /** Waits for something for half of the time that is left, or a moment. @returns whether it is done */
  async hurry(work: Promise<unknown>): Promise<boolean> {
    const isOver = new AbortController();
    const ms = Math.max(MOMENT_MS, this.leftMs / 2);
    const isLate = sleep(ms, isOver.signal).then(() => false);
    try {
      return await Promise.race([work.then(() => true), isLate]);
    } finally {
      isOver.abort();
    }
  }
}

/** Resolves when the signal aborts, if there is one. */
export function aborted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Resolves after the time, or when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    // No timer is longer, and what is due in a month need not be exact.
    const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
