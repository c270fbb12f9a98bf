import { Backoff } from "../internal/backoff.ts";
import { monotonicMs } from "../internal/clocks.ts";
import type { Logger } from "../internal/logger.ts";
import { errorText, report } from "../internal/reporting.ts";
import type { Route } from "./route.ts";

/** What is known of a route that has failed. */
interface Failing {
  readonly backoff: Backoff;
  /** How many failures have not been reported. */
  unreported: number;
}

/** Reports that routes fail: whoever asks again and again must not fill the log. */
export class RouteFailures {
  readonly #logger: Logger;
  readonly #failing = new Map<Route, Failing>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reports a failure at once, and those that follow backing off, with their number. */
  report(route: Route, error: unknown): void {
    let failing = this.#failing.get(route);
    if (failing === undefined) {
      failing = { backoff: new Backoff(), unreported: 0 };
      this.#failing.set(route, failing);
    }
    if (!failing.backoff.due(monotonicMs())) {
      failing.unreported++;
      return;
    }
    const others = failing.unreported === 0 ? "" : ` (and ${failing.unreported} times before)`;
    failing.unreported = 0;
    report(this.#logger, `Cannot answer ${route.path}: ${errorText(error)}${others}`);
  }
}
