import { Backoff } from "./backoff.ts";
import { ByName } from "./by_name.ts";
import type { Logger } from "./options.ts";
import { Tally } from "./tally.ts";

/** The name that a throwing logger is counted under. */
export const LOGGER_NAME = "(logger)";

/**
 * Counts what went wrong in code that is not the bus's own, and tells it: once, then backing off.
 * The logger is called from a microtask, never on the stack of whoever failed.
 */
export class Failures {
  readonly counts: Tally = new Tally();
  total = 0;
  readonly #logger: Logger;
  readonly #backoffs = new ByName(() => new Backoff());

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts a failure of `name` in `what` and tells it when it is due. */
  count(name: string, what: string, error: unknown): void {
    this.total++;
    this.counts.add(name);
    this.tell(name, `failed in ${what}: ${describeError(error)}`);
  }

  /** Tells something of `name` now, or not at all when such a thing was told a short time ago. */
  tell(name: string, what: string, topic: string = name): void {
    if (this.#backoffs.of(topic).due(performance.now())) {
      queueMicrotask(() => this.warn(`${name} ${what}`));
    }
  }

  /** Hands one line to the logger, whose own failure is counted and told to nobody. */
  warn(text: string): void {
    try {
      this.#logger.warn(`EventBus: ${text}`);
    } catch {
      this.total++;
      this.counts.add(LOGGER_NAME);
    }
  }

  /** Follows a promise of `name`. @returns a promise that is kept when it has settled */
  follow(name: string, what: string, promise: object): Promise<unknown> {
    return Promise.resolve(promise).catch((error) => this.count(name, what, error));
  }

  /**
   * Calls code of `name`, now, and counts what it throws or rejects with.
   *
   * @returns a promise, if the code gave one, that is kept when it has settled
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
}

/** Whether what a call returned has to be waited for. */
export function isThenable(result: unknown): result is object {
  return typeof result === "object" && result !== null && "then" in result;
}

function describeError(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an error that cannot be shown";
  }
}
