import type { LossCounts } from "./losses.ts";

/**
 * The loss ledger: counts of all events, exact at every moment:
 * `published = accepted + Σ rejected` and `accepted = delivered + Σ dropped + pending`.
 */
export interface BusStats extends LossCounts {
  /** Calls of `publish`; not counted on a disabled bus. */
  readonly published: number;
  /** Events for which `publish` returned `true`. */
  readonly accepted: number;
  /** Events dispatched to all subscribers of that moment, even if there were none. */
  readonly delivered: number;
  /** Events queued, including the one being dispatched. */
  readonly pending: number;
  /** Events not passed to an async handler with too many pending calls, by subscriber name. */
  readonly skippedBySubscriber: Readonly<Record<string, number>>;
}
