import { CountReport } from "../../internal/count_report.ts";
import type { Logger } from "../../internal/logger.ts";

/** Logs what a tracing subscriber could not make a whole span of, backing off. */
export class TracingReports {
  /** Malformed traceparents that were ignored. */
  invalidTraceparents = 0;
  /** Events whose span was not open. */
  orphanedEvents = 0;
  /** The type of the last of them. */
  lastOrphaned = "";
  /** The name of the span that has expired last. */
  lastExpired = "";
  readonly #name: () => string;
  readonly #expired: CountReport;
  readonly #invalid: CountReport;
  readonly #orphaned: CountReport;

  /** @param name the subscriber's, which its class may only set afterwards */
  constructor(logger: Logger, name: () => string) {
    this.#name = name;
    this.#expired = new CountReport(logger);
    this.#invalid = new CountReport(logger);
    this.#orphaned = new CountReport(logger);
  }

  /** Called after each slice: nearly always there is nothing to log. */
  update(expired: number, now: () => number): void {
    if (expired + this.invalidTraceparents + this.orphanedEvents === 0) return;
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
    this.#orphaned.update(
      this.orphanedEvents,
      now,
      (count) =>
        `${this.#name()} ignored events whose span was not open, not yet or no more: ${count} so ` +
        `far, the last one ${JSON.stringify(this.lastOrphaned)}`,
    );
  }
}
