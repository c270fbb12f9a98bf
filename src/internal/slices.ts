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
    const step = runSlice(work);
    if (step.done) return step.value;
  }
}

/** Does one slice of the work now: most work fits into it. @returns its last step */
export function runSlice<Result>(work: Steps<Result>): IteratorResult<void, Result> {
  const startedAt = monotonicMs();
  for (;;) {
    const step = work.next();
    if (step.done || monotonicMs() - startedAt >= SLICE_MS) return step;
  }
}
