import { monotonicMs } from "../internal/clocks.ts";
import { errorText } from "../internal/reporting.ts";
import { settlesWithin } from "../internal/timers.ts";

/** One step of a flush or a shutdown. */
export interface Step {
  /** Completes "Cannot …" in an error. */
  readonly name: string;
  /** Does it; may take until the deadline. */
  readonly run: (remainingMs: number) => Promise<unknown>;
  /**
   * Of the time that is left, what the next step waits for this one; it goes on beside the others
   * until the deadline. Default: all of it.
   */
  readonly share?: number | undefined;
}

/** What a step gets although the deadline has passed. */
const GRACE_MS = 100;

/**
 * Runs steps in order within one deadline. A step that fails or does not end in time keeps none of
 * the others from running; each of those that come after the deadline, or after the signal aborted,
 * still gets its call, and a short moment.
 *
 * @throws {AggregateError} after the last step, if one failed
 */
export async function runSteps(
  steps: readonly Step[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const errors: Error[] = [];
  const until = monotonicMs() + timeoutMs;
  const leftMs = () => signal?.aborted ? 0 : until - monotonicMs();
  const late: (() => Promise<void>)[] = [];
  for (const { name, run, share = 1 } of steps) {
    const remainingMs = Math.max(GRACE_MS, leftMs());
    const fail = (error: unknown) =>
      errors.push(new Error(`Cannot ${name}: ${errorText(error)}`, { cause: error }));
    const work = (async () => await run(remainingMs))();
    /** @returns whether it is over, well or not */
    const isOver = async (ms: number): Promise<boolean> => {
      try {
        return await settlesWithin(ms, work, signal);
      } catch (error) {
        fail(error);
        return true;
      }
    };
    const expire = () =>
      fail(
        new Error(
          signal?.aborted
            ? "its signal aborted"
            : `it did not end within ${Math.round(remainingMs)} ms`,
        ),
      );
    if (await isOver(Math.max(GRACE_MS, remainingMs * share))) continue;
    // Nobody waits for it now.
    work.catch(() => {});
    if (share === 1) expire();
    else {
      late.push(async () => {
        if (!await isOver(Math.max(0, leftMs()))) expire();
      });
    }
  }
  for (const wait of late) await wait();
  if (errors.length > 0) {
    throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
  }
}
