import { inNeutralContext } from "../internal/neutral_context.ts";
import type { Logger } from "../internal/logger.ts";
import { errorText, nameOf, report } from "../internal/reporting.ts";
import { Tally } from "./tally.ts";

/**
 * Counts what went wrong in code that is not the bus's own, and reports it: once, then backing off.
 * The logger is called from a microtask, never on the stack of whoever failed.
 */
export type Failures = ReturnType<typeof createFailures>;

/** Makes the counts of a bus. */
export function createFailures(logger: Logger) {
  const failures = {
    counts: new Tally(),
    /** The bus's clock. */
    now: (): number => 0,

    /** Counts a failure of `name` in `what` and reports it when it is due. */
    count(name: string, what: string, error: unknown): void {
      failures.report(failures.counts, name, `failed in ${what}: ${errorText(error)}`);
    },

    /**
     * Counts in any tally, and reports it, unless such a thing was reported of `name` a short time
     * ago.
     */
    report(tally: Tally, name: string, what: string): void {
      if (tally.add(name).due(failures.now())) {
        inNeutralContext(() => failures.warn(`${name} ${what}`));
      }
    },

    /** Hands one line to the logger, whose own failure is counted. */
    warn(text: string): void {
      report(logger, text, () => failures.counts.add("(logger)"));
    },

    /**
     * Calls code of somebody who has a name, now, and counts what it throws or rejects with.
     *
     * @returns a promise that is fulfilled when that has settled, if the code did not end at once
     */
    call(named: unknown, what: string, call: () => unknown): Promise<void> | undefined {
      try {
        const result = call();
        if (isThenable(result)) {
          const { promise, resolve } = Promise.withResolvers<void>();
          // It may throw, which is counted below.
          failures.follow(nameOf(named), what, result, resolve);
          return promise;
        }
      } catch (error) {
        failures.count(nameOf(named), what, error);
      }
      return undefined;
    },

    /** Counts what code of `name` rejects with, and calls `end` when it has settled. */
    follow(name: string, what: string, result: object, end: () => void): void {
      const fail = (error: unknown) => {
        failures.count(name, what, error);
        end();
      };
      // As `await` asks it, with one reaction: a promise by its state and not by the `then` that it
      // shows; what is no promise, or is one with a species of its own, by its `then`.
      then.call(Promise.resolve(result), end, fail);
    },
  };
  return failures;
}

const { then } = Promise.prototype;

/** Whether what a call returned has to be waited for. It may throw what it is asked with. */
export function isThenable(result: unknown): result is object {
  return typeof result === "object" && result !== null && "then" in result;
}
