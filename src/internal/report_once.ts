import type { Logger } from "./logger.ts";
import { report } from "./reporting.ts";

/** How many different things are reported and remembered; what comes after is not reported. */
const MAX_REMEMBERED = 1_000;

/** Reports each thing once, not each time it is found. */
export class ReportOnce {
  readonly #reported = new Set<string>();
  readonly #logger: Logger;

  /** Where it is reported. */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reports it, unless that was done before. A logger that throws changes nothing else. */
  report(message: string): void {
    if (this.#reported.has(message) || this.#reported.size > MAX_REMEMBERED) return;
    this.#reported.add(message);
    const isLast = this.#reported.size > MAX_REMEMBERED;
    report(this.#logger, isLast ? `${message} (further ones are not reported)` : message);
  }
}
