import { settlesWithin } from "../internal/timers.ts";

/** One step of a shutdown: what it does, as it is named when it fails. */
export interface Step {
  /** Completes "Cannot …" in an error. */
  readonly name: string;
  /** Does it; may take until the deadline. */
  readonly run: (remainingMs: number) => Promise<void>;
}

/**
 * Runs steps in order within one deadline. A step that fails or does not end in time keeps none of
 * the others from running; each of those that come after the deadline still gets its call, and a
 * short moment.
 *
 * @throws {AggregateError} after the last step, if one failed
 */
export async function runSteps(
  steps: readonly Step[],
  timeoutMs: number,
): Promise<void> {
  const errors: Error[] = [];
  const until = performance.now() + timeoutMs;
  for (const { name, run } of steps) {
    const remainingMs = Math.max(GRACE_MS, until - performance.now());
    try {
      if (!await settlesWithin(remainingMs, run(remainingMs))) {
        throw new Error(`it did not end within ${Math.round(remainingMs)} ms`);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      errors.push(new Error(`Cannot ${name}: ${why}`, { cause: error }));
    }
  }
  if (errors.length > 0) {
    throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
  }
}

/** What a step gets although the deadline has passed. */
const GRACE_MS = 100;
