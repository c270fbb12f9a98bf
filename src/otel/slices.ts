import { nextTurn } from "../bus/macrotask.ts";

/** How long a scrape works on end before it lets the event loop turn, in milliseconds. */
export const SLICE_MS = 4;

/** Work that can be left between any two of its steps: it yields after each. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does the work in slices of {@linkcode SLICE_MS}, each in a turn of the event loop of its own. */
export async function inSlices<Result>(work: Steps<Result>): Promise<Result> {
  let startedAt = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - startedAt < SLICE_MS) continue;
    await new Promise<void>(nextTurn);
    startedAt = performance.now();
  }
}
