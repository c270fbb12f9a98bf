import { monotonicMs } from "../internal/clocks.ts";
import { errorText } from "../internal/reporting.ts";
import { settlesWithin } from "../internal/timers.ts";

/** One step of a flush or a shutdown. */
export interface Step {
  /** Completes "Cannot …" in an error. */
  readonly name: string;
  /** Does it; may take until the deadline. */
  readonly run: (remainingMs: number) => Promise<unknown>;
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
  for (const { name, run } of steps) {
    const leftMs = signal?.aborted ? 0 : until - monotonicMs();
    const remainingMs = Math.max(GRACE_MS, leftMs);
    try {
      if (!await settlesWithin(remainingMs, run(remainingMs), signal)) {
        throw new Error(
          signal?.aborted
            ? "its signal aborted"
            : `it did not end within ${Math.round(remainingMs)} ms`,
        );
      }
    } catch (error) {
      errors.push(new Error(`Cannot ${name}: ${errorText(error)}`, { cause: error }));
    }
  }
  if (errors.length > 0) {
    throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
  }
}
