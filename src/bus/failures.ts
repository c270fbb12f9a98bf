import type { Logger } from "../internal/logger.ts";
import { errorText, report } from "../internal/reporting.ts";
import { Tally } from "./tally.ts";

/** The name that a throwing logger is counted under. */
const LOGGER_NAME = "(logger)";

/**
 * Counts what went wrong in code that is not the bus's own, and reports it: once, then backing off.
 * The logger is called from a microtask, never on the stack of whoever failed.
 */
export class Failures {
  readonly counts: Tally = new Tally();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts a failure of `name` in `what` and reports it when it is due. */
  count(name: string, what: string, error: unknown): void {
    this.report(this.counts, name, `failed in ${what}: ${errorText(error)}`);
  }

  /**
   * Counts in any tally, and reports it, unless such a thing was reported of `name` a short time
   * ago.
   */
  report(tally: Tally, name: string, what: string): void {
    if (tally.add(name).due(performance.now())) queueMicrotask(() => this.warn(`${name} ${what}`));
  }

  /** Hands one line to the logger, whose own failure is counted. */
  warn(text: string): void {
    if (!report(this.#logger, text)) this.counts.add(LOGGER_NAME);
  }

  /**
   * Calls code of `name`, now, and counts what it throws or rejects with.
   *
   * @returns a promise that is fulfilled when that has settled, if the code did not end at once
   */
  isolate(name: string, what: string, call: () => unknown): Promise<unknown> | undefined {
    try {
      const result = call();
      if (isThenable(result)) return this.follow(name, what, result);
    } catch (error) {
      this.count(name, what, error);
    }
    return undefined;
  }

  /** Counts what code of `name` rejects with. @returns a promise fulfilled when it has settled */
  follow(name: string, what: string, promise: object): Promise<unknown> {
    return Promise.resolve(promise).catch((error) => this.count(name, what, error));
  }
}

/** Whether what a call returned has to be waited for. */
export function isThenable(result: unknown): result is object {
  return typeof result === "object" && result !== null && "then" in result;
}
