import { CountReport } from "../../internal/count_report.ts";
import type { Logger } from "../../internal/logger.ts";

/** Logs what a tracing subscriber could not make a whole span of, backing off. */
export class TracingReports {
  /** Malformed traceparents that were ignored. */
  invalidTraceparents = 0;
  /** The name of the span that has expired last. */
  lastExpired = "";
  readonly #name: () => string;
  readonly #expired: CountReport;
  readonly #invalid: CountReport;

  /** @param name the subscriber's, which its class may only set afterwards */
  constructor(logger: Logger, name: () => string) {
    this.#name = name;
    this.#expired = new CountReport(logger);
    this.#invalid = new CountReport(logger);
  }

  /** Called after each slice: nearly always there is nothing to log. */
  update(expired: number, now: () => number): void {
    if (expired + this.invalidTraceparents === 0) return;
    this.#expired.update(
      expired,
      now,
      (count) =>
        `${this.#name()} expired spans whose end did not arrive: ${count} so far, the last one a ` +
        JSON.stringify(this.lastExpired),
    );
    this.#invalid.update(
      this.invalidTraceparents,
      now,
      (count) => `${this.#name()} ignored malformed traceparents: ${count} so far`,
    );
  }
}
