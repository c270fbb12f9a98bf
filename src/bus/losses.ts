import { show } from "./refuse.ts";
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
  /** When the first was, in milliseconds since the epoch; `undefined` while there was none. */
  since: number | undefined;
  readonly byReason: Record<RejectReason | DropReason, number> = {
    queue_full: 0,
    stopped: 0,
    reserved: 0,
    evicted: 0,
    shutdown: 0,
  };
  readonly byType: Tally = new Tally();

  add(reason: RejectReason | DropReason, type: string): void {
    this.byReason[reason]++;
    this.byType.add(typeof type === "string" ? type : "(not a string)");
  }

  /** Adds those of another stretch. */
  absorb({ since, byReason, byType }: Losses): void {
    this.since ??= since;
    for (const reason of Object.keys(byReason) as (keyof typeof byReason)[]) {
      this.byReason[reason] += byReason[reason];
    }
    for (const [type, count] of Object.entries(byType.toRecord())) this.byType.add(type, count);
  }

  /** Those that had been accepted. */
  get dropped(): number {
    return this.byReason.evicted + this.byReason.shutdown;
  }

  /** A copy. */
  toCounts(): LossCounts {
    const { evicted, shutdown, ...rejected } = this.byReason;
    return { rejected, dropped: { evicted, shutdown }, lostByType: this.byType.toRecord() };
  }

  /** Such as `3 events (queue_full 3; "a" 2, "b" 1) since …`. */
  toString(): string {
    const reasons = list(this.byReason, String);
    const types = list(this.byType.toRecord(), show);
    const more = types.splice(MAX_TYPES_IN_LINE).length > 0 ? ", …" : "";
    const { total } = this.byType;
    // A user's clock may say what no Date can show; its JSON is null then.
    const since = new Date(this.since as number).toJSON() ?? this.since;
    const events = total === 1 ? "event" : "events";
    return `${total} ${events} (${reasons.join(", ")}; ${types.join(", ")}${more}) since ${since}`;
  }
}

/** The counts above 0, the highest first. */
function list(counts: Record<string, number>, showName: (name: string) => string): string[] {
  return Object.entries(counts).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${showName(name)} ${count}`);
}
