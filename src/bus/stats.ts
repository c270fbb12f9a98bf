import type { LossCounts } from "./losses.ts";

/**
 * What became of every event, exact at every moment:
 * `published = accepted + Σ rejected` and `accepted = delivered + Σ dropped + pending`.
 */
export interface BusStats extends LossCounts {
  /** Calls of `publish` on the enabled bus. */
  readonly published: number;
  /** Those that `publish` said `true` to. */
  readonly accepted: number;
  /** Dispatched to all that were subscribed at that moment, also when nobody was. */
  readonly delivered: number;
  /** Queued, and the one in dispatch. */
  readonly pending: number;
  /** Events that passed by an async handler with too many calls pending, by subscriber name. */
  readonly skippedBySubscriber: Readonly<Record<string, number>>;
}
