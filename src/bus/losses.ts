import { Tally } from "./tally.ts";

/** Why `publish` said `false`. */
export type RejectReason = "queue_full" | "stopped" | "reserved";

/** Why an event that had been accepted was lost. */
export type DropReason = "evicted" | "shutdown";

/** Losses by reason and by type, as they are shown. */
export interface LossCounts {
  /** Events that `publish` said `false` to, by reason. */
  readonly rejected: Readonly<Record<RejectReason, number>>;
  /** Events that were accepted, then lost: victims of `drop-oldest`, and what a timed-out `stop` left. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Both, by event type; past 1,000 types the rest is under `"__other__"`. */
  readonly lostByType: Readonly<Record<string, number>>;
}

const MAX_TYPES_IN_LINE = 5;

/** The losses of some stretch of time. */
export class Losses {
  count = 0;
  /** When the first was noticed, in milliseconds since the epoch; `undefined` until it is known. */
  since: number | undefined;
  readonly byReason: Record<RejectReason | DropReason, number> = {
    queue_full: 0,
    stopped: 0,
    reserved: 0,
    evicted: 0,
    shutdown: 0,
  };
  readonly #byType = new Tally();

  add(reason: RejectReason | DropReason, type: string): void {
    this.count++;
    this.byReason[reason]++;
    this.#byType.add(typeof type === "string" ? type : "(not a string)");
  }

  /** A copy. */
  toCounts(): LossCounts {
    const { evicted, shutdown, ...rejected } = this.byReason;
    return { rejected, dropped: { evicted, shutdown }, lostByType: this.#byType.toRecord() };
  }

  /** Such as `3 events (queue_full 3; "a" 2, "b" 1) since …`. */
  toString(): string {
    const reasons = Object.entries(this.byReason).filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason} ${count}`);
    const types = Object.entries(this.#byType.toRecord()).sort((a, b) => b[1] - a[1])
      .map(([type, count]) => `${JSON.stringify(type)} ${count}`);
    const more = types.splice(MAX_TYPES_IN_LINE).length;
    if (more > 0) types.push(`${more} more types`);
    // A user's clock may say what no Date can show; its JSON is null then.
    const since = new Date(this.since ?? NaN).toJSON() ?? this.since;
    return `${this.count} ${this.count === 1 ? "event" : "events"} (${reasons.join(", ")}; ${
      types.join(", ")
    }) since ${since}`;
  }
}
