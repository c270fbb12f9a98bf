import { Backoff } from "./backoff.ts";
import type { Logger } from "./logger.ts";
import { report } from "./reporting.ts";

/** Reports a count when it has grown: at once, then backing off. */
export class CountReport {
  readonly #logger: Logger;
  readonly #backoff = new Backoff();
  #reported = 0;

  /** @param logger where it is reported; if it throws, nothing else changes */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reports the count, if it has grown and is due. @param now any one clock; read if it has grown */
  update(count: number, now: () => number, text: (count: number) => string): void {
    if (count <= this.#reported || !this.#backoff.due(now())) return;
    this.#reported = count;
    report(this.#logger, text(count));
  }
}
