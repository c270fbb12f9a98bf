import { Tally } from "./tally.ts";

/** Why `publish` said `false`. */
export type RejectReason = "queue_full" | "stopped" | "reserved";

/** Why an event that had been accepted was lost. */
export type DropReason = "evicted" | "shutdown";

/**
 * What became of every event, exact at every moment:
 * `published = accepted + Σ rejected` and `accepted = delivered + Σ dropped + pending`.
 */
export interface BusStats {
  /** Calls of `publish` on the enabled bus. */
  readonly published: number;
  /** Those that `publish` said `true` to. */
  readonly accepted: number;
  /** Those that `publish` said `false` to, by reason. */
  readonly rejected: Readonly<Record<RejectReason, number>>;
  /** Dispatched to all that were subscribed at that moment, also when nobody was. */
  readonly delivered: number;
  /** Accepted, then lost: victims of `drop-oldest`, and what a timed-out `stop` left. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Queued, and the one in dispatch. */
  readonly pending: number;
  /** Rejected and dropped events by type; past 1,000 types the rest is under `"__other__"`. */
  readonly lostByType: Readonly<Record<string, number>>;
  /** Events that passed by an async handler with too many calls pending, by subscriber name. */
  readonly skippedBySubscriber: Readonly<Record<string, number>>;
}

/** The counters behind {@linkcode BusStats}. Cumulative for the bus's whole life. */
export class Ledger {
  published = 0;
  accepted = 0;
  delivered = 0;
  readonly rejected: Record<RejectReason, number> = { queue_full: 0, stopped: 0, reserved: 0 };
  readonly dropped: Record<DropReason, number> = { evicted: 0, shutdown: 0 };
  readonly lostByType: Tally = new Tally();
  readonly skippedBySubscriber: Tally = new Tally();

  reject(reason: RejectReason, type: string): void {
    this.rejected[reason]++;
    this.lostByType.add(typeof type === "string" ? type : "(not a string)");
  }

  drop(reason: DropReason, type: string): void {
    this.dropped[reason]++;
    this.lostByType.add(type);
  }

  /** Accepted events that have met their end. */
  get settled(): number {
    return this.delivered + this.dropped.evicted + this.dropped.shutdown;
  }

  /** Events lost although the bus was open for them. */
  get droppedEventsCount(): number {
    return this.rejected.queue_full + this.dropped.evicted + this.dropped.shutdown;
  }

  stats(pending: number): BusStats {
    return {
      published: this.published,
      accepted: this.accepted,
      rejected: { ...this.rejected },
      delivered: this.delivered,
      dropped: { ...this.dropped },
      pending,
      lostByType: this.lostByType.toRecord(),
      skippedBySubscriber: this.skippedBySubscriber.toRecord(),
    };
  }
}
