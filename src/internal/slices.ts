import { monotonicMs } from "./clocks.ts";
import { nextTurn } from "./turns.ts";

/** How long a scrape works on end before it lets the event loop turn, in milliseconds. */
const SLICE_MS = 4;

/** Work that can be left between any two of its steps: it yields after each. */
export type Steps<Result> = Generator<void, Result, void>;

/**
 * Does the work in slices of `SLICE_MS`, each in a turn of the event loop of its own, the
 * first one too: the turn that this is called in may have been a long one already.
 */
export async function inSlices<Result>(work: Steps<Result>): Promise<Result> {
  for (;;) {
    await new Promise<void>(nextTurn);
    const startedAt = monotonicMs();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (monotonicMs() - startedAt < SLICE_MS);
  }
}
