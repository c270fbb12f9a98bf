import type { Logger } from "../../internal/logger.ts";
import { cut, report } from "../../internal/reporting.ts";

/**
 * Counts starts that have no operation id and overlap with another one of the same kind and session,
 * and reports it, once for each type: their ends are given to them in order, which may be wrong.
 */
export class AmbiguousPairs {
  /** How many. */
  count = 0;
  readonly #logger: Logger;
  /** Types that declarations name: they are few. */
  readonly #reported = new Set<string>();

  /** @param logger where it is reported */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts one. @param start its event type @param name whose pairs they are */
  add(start: string, name: string): void {
    this.count++;
    if (this.#reported.has(start)) return;
    this.#reported.add(start);
    report(
      this.#logger,
      `${name}: several ${JSON.stringify(cut(start))} of one session overlap without an ` +
        "operation id, so an end may have been given to the wrong start; publish start and end " +
        "with an operationId of their own, or with a sessionId of their own",
    );
  }
}
