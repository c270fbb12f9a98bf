import type { CutCount } from "../../internal/bounded_values.ts";
import { CountReport } from "../../internal/count_report.ts";
import type { Logger } from "../../internal/logger.ts";

/** Logs what a tracing subscriber could not make a whole span of, backing off. */
export class TracingReports implements CutCount {
  /** Malformed traceparents that were ignored. */
  invalidTraceparents = 0;
  /** Events whose span was not open. */
  orphanedEvents = 0;
  /** Texts and lists that were cut. */
  cut = 0;
  /** The type of the last of them. */
  lastOrphaned = "";
  /** The name of the span that has expired last. */
  lastExpired = "";
  readonly #name: () => string;
  readonly #expired: CountReport;
  readonly #invalid: CountReport;
  readonly #orphaned: CountReport;
  readonly #cut: CountReport;

  /** @param name the subscriber's, which its class may only set afterwards */
  constructor(logger: Logger, name: () => string) {
    this.#name = name;
    this.#expired = new CountReport(logger);
    this.#invalid = new CountReport(logger);
    this.#orphaned = new CountReport(logger);
    this.#cut = new CountReport(logger);
  }

  /** Called after each slice: nearly always there is nothing to log. */
  update(expired: number, now: () => number): void {
    const { invalidTraceparents, orphanedEvents, cut } = this;
    if (expired + invalidTraceparents + orphanedEvents + cut === 0) return;
    this.#cut.update(
      cut,
      now,
      (count) =>
        `${this.#name()} cut texts and lists of spans, which are too long: ${count} so far`,
    );
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
