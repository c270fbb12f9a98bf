import { Backoff } from "./backoff.ts";
import { difference } from "./difference.ts";
import type { Failures } from "./failures.ts";
import type { BusStats, Ledger } from "./ledger.ts";

/** What a `bus:drop` event tells: the losses since the last one. */
export interface BusDrop {
  /** Events that `publish` said `false` to, by reason. */
  readonly rejected: BusStats["rejected"];
  /** Accepted events that were lost, by reason. */
  readonly dropped: BusStats["dropped"];
  /** Both, by event type. */
  readonly lostByType: Readonly<Record<string, number>>;
  /** When the first of them was noticed, in milliseconds since the epoch. */
  readonly since: number;
}

type Losses = Omit<BusDrop, "since">;

/**
 * Tells of losses: a line and a `bus:drop` event at the first, then after 1 s, 2 s, 4 s … 60 s
 * while they go on, and a line with the totals once the queue has been empty again.
 *
 * It needs no timer: a loss schedules at most one microtask, which reads the clock.
 */
export class LossReporter {
  readonly #ledger: Ledger;
  readonly #failures: Failures;
  readonly #now: () => number;
  readonly #emit: (drop: BusDrop) => void;
  readonly #hint: () => string;
  readonly #backoff = new Backoff();
  #scheduled = false;
  #since: number | undefined;
  #episodeSince: number | undefined;
  /** Whether the episode has had its opening line. */
  #opened = false;
  #lastTold: Partial<Losses> = {};
  #episodeStart: Partial<Losses> = {};

  constructor(
    parts: {
      ledger: Ledger;
      failures: Failures;
      now: () => number;
      emit: (drop: BusDrop) => void;
      /** What to add to a line, such as that the bus was never started. */
      hint: () => string;
    },
  ) {
    this.#ledger = parts.ledger;
    this.#failures = parts.failures;
    this.#now = parts.now;
    this.#emit = parts.emit;
    this.#hint = parts.hint;
  }

  /** Called at each loss; cheap. */
  noteLoss(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /** Called when the queue has become empty. */
  noteEmpty(): void {
    if (this.#opened) this.#close();
  }

  /** Called at the end of `stop`: tells what is untold. */
  finish(): void {
    if (this.#opened || this.#scheduled || this.#since !== undefined) this.#close();
  }

  readonly #onMicrotask = (): void => {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    const now = this.#now();
    this.#since ??= now;
    this.#episodeSince ??= now;
    if (!this.#backoff.due(now)) return;
    this.#opened = true;
    const drop = this.#tell(this.#since);
    this.#failures.warn(
      `EventBus: lost ${describeLosses(drop)} since ${isoTime(drop.since)}${this.#hint()}`,
    );
  };

  #close(): void {
    const since = this.#episodeSince ?? this.#now();
    const losses = this.#losses();
    const totals = lossesSince(losses, this.#episodeStart);
    if (this.#since !== undefined || this.#scheduled) this.#tell(this.#since ?? since);
    this.#scheduled = false;
    this.#opened = false;
    this.#episodeSince = undefined;
    this.#episodeStart = losses;
    this.#failures.warn(
      `EventBus: lost ${describeLosses(totals)} in all since ${
        isoTime(since)
      }; the queue is empty again`,
    );
  }

  #tell(since: number): BusDrop {
    const losses = this.#losses();
    const drop = { ...lossesSince(losses, this.#lastTold), since };
    this.#lastTold = losses;
    this.#since = undefined;
    this.#emit(drop);
    return drop;
  }

  #losses(): Losses {
    return {
      rejected: { ...this.#ledger.rejected },
      dropped: { ...this.#ledger.dropped },
      lostByType: this.#ledger.lostByType.toRecord(),
    };
  }
}

function lossesSince(now: Losses, before: Partial<Losses>): Losses {
  const lostByType = difference(now.lostByType, before.lostByType ?? {});
  return {
    rejected: difference(now.rejected, before.rejected ?? {}),
    dropped: difference(now.dropped, before.dropped ?? {}),
    lostByType: Object.fromEntries(Object.entries(lostByType).filter(([, count]) => count > 0)),
  };
}

const MAX_TYPES_IN_LINE = 5;

function describeLosses({ rejected, dropped, lostByType }: Losses): string {
  const reasons = Object.entries({ ...rejected, ...dropped }).filter(([, count]) => count > 0);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const types = Object.entries(lostByType).sort((a, b) => b[1] - a[1]);
  const shown = types.slice(0, MAX_TYPES_IN_LINE).map(([type, count]) =>
    `${JSON.stringify(type)} ${count}`
  );
  if (types.length > MAX_TYPES_IN_LINE) {
    shown.push(`${types.length - MAX_TYPES_IN_LINE} more types`);
  }
  const why = reasons.map(([reason, count]) => `${reason} ${count}`).join(", ");
  return `${total} ${total === 1 ? "event" : "events"} (${why}; ${shown.join(", ")})`;
}

function isoTime(ms: number): string {
  // A user's clock may say what no Date can show.
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
