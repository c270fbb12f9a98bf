/** Why `publish` returned `false`. */
export type RejectReason = "queue_full" | "stopped" | "reserved";

/** Why an accepted event was lost. */
export type DropReason = "evicted" | "shutdown";

/** Losses by reason and by type. */
export interface LossCounts {
  /** Events for which `publish` returned `false`, by reason. */
  readonly rejected: Readonly<Record<RejectReason, number>>;
  /** Events accepted and then lost: dropped by `drop-oldest`, or left over by a `stop` that timed out. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /**
   * Both, by event type; beyond 1,000 types, the rest is counted as `"__other__"`. Of a type of more
   * than 230 characters the first 200 are kept, with how many more there were.
   */
  readonly lostByType: Readonly<Record<string, number>>;
}

/** The detail of a `bus:drop` event: the losses since the last one. */
export interface BusDrop extends LossCounts {
  /** When the first of them happened, in milliseconds since the epoch. */
  readonly since: number;
}

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

/** What `EventBus.stop` resolves to: totals since the last start. */
export interface StopReport {
  /** Events dispatched. */
  readonly delivered: number;
  /** Events lost: rejected by a full queue, evicted, or left over. */
  readonly dropped: number;
  /** Events still queued at the timeout; they are included in `dropped`. */
  readonly leftOver: number;
  /** Exceptions and rejections of handlers, listeners and subscribers. */
  readonly failures: number;
  /** Whether the timeout was reached. */
  readonly timedOut: boolean;
}
