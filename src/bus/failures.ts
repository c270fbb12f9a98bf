import type { Logger } from "./options.ts";
import { Backoff } from "./backoff.ts";
import { OTHER_NAME, Tally } from "./tally.ts";

const MAX_TOPICS = 1_000;

/** The name that a throwing logger is counted under. */
export const LOGGER_NAME = "(logger)";
/** The name that a throwing clock is counted under. */
export const CLOCK_NAME = "(clock)";

/**
 * Counts what went wrong in code that is not the bus's own, and tells it: once, then backing off.
 * The logger is called from a microtask, never on the stack of whoever failed.
 */
export class Failures {
  readonly counts: Tally = new Tally();
  total = 0;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #backoffs = new Map<string, Backoff>();

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#now = now;
  }

  /** Counts a failure of `name` in `what` and tells it when it is due. */
  count(name: string, what: string, error: unknown, now: number = this.#now()): void {
    this.total++;
    this.counts.add(name);
    this.tell(name, () => `${name} failed in ${what}: ${describeError(error)}`, now);
  }

  /** Tells `message` now, or not at all when the topic was told a short time ago. */
  tell(topic: string, message: () => string, now: number = this.#now()): void {
    let backoff = this.#backoffs.get(topic);
    if (backoff === undefined) {
      const key = this.#backoffs.size < MAX_TOPICS ? topic : OTHER_NAME;
      backoff = this.#backoffs.get(key) ?? new Backoff();
      this.#backoffs.set(key, backoff);
    }
    if (!backoff.due(now)) return;
    const line = `EventBus: ${message()}`;
    queueMicrotask(() => this.warn(line));
  }

  /** Hands one line to the logger, whose own failure is counted and told to nobody. */
  warn(line: string): void {
    try {
      this.#logger.warn(line);
    } catch {
      this.total++;
      this.counts.add(LOGGER_NAME);
    }
  }
}

function describeError(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error that cannot be shown";
  }
}
