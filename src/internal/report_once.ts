import type { Logger } from "../bus/options.ts";

/** How many different things are told and remembered; what comes after is not told. */
const MAX_REMEMBERED = 1_000;

/** Tells each thing that is wrong with the metrics once, not at every scrape. */
export class ReportOnce {
  readonly #told = new Set<string>();
  readonly #logger: Logger;

  /** Tells it to the logger. */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Tells it, unless that was done before. A logger that throws does not fail the scrape. */
  tell(message: string): void {
    if (this.#told.has(message) || this.#told.size > MAX_REMEMBERED) return;
    this.#told.add(message);
    const last = this.#told.size > MAX_REMEMBERED;
    try {
      this.#logger.warn(last ? `${message} (further ones are not told)` : message);
    } catch {
      // Nowhere else to tell it.
    }
  }
}
