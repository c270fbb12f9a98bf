import type { BusDrop, DropReason, LossCounts, RejectReason } from "../library/reports.ts";
import { Backoff } from "../internal/backoff.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import type { Failures } from "./failures.ts";
import { format } from "../internal/arguments.ts";
import { MAX_NAMES_IN_LINE } from "../internal/tuning.ts";
import { Tally } from "./tally.ts";

/** Counts by name, without a prototype, so that no name collides with an inherited one. */
type Counts = Record<string, number>;

/** A window of time in which something was lost. */
interface LossWindow {
  /** When the first loss was, in milliseconds since the epoch. */
  readonly since: number;
  /** What had been lost before. */
  readonly total: number;
  readonly reasons: Counts;
  readonly types: Counts;
}

const NO_LOSSES: Readonly<Record<RejectReason | DropReason, number>> = {
  queue_full: 0,
  stopped: 0,
  reserved: 0,
  evicted: 0,
  shutdown: 0,
};

/**
 * Counts losses and reports them: a line and a `bus:drop` event at the first, then after 1 s, 2 s,
 * 4 s … 60 s while they go on, and a line with the totals once the queue has been empty again.
 *
 * It needs no timer: a loss schedules at most one microtask, which reads the clock.
 */
export class Losses {
  /** Added to the end of each line. */
  suffix = "; the bus was never started, call start()";
  /** Of the bus's whole life. */
  readonly reasons: Record<RejectReason | DropReason, number> = { ...NO_LOSSES };
  readonly #types = new Tally();
  readonly #failures: Failures;
  readonly #target: EventTarget;
  readonly #backoff = new Backoff();
  /** What no `bus:drop` has reported yet. */
  #unreported: LossWindow | undefined;
  /** What no closing line has reported yet. */
  #episode: LossWindow | undefined;
  /** Whether the episode has had its opening line. */
  #opened = false;
  #scheduled = false;
  /** Whether the clock is being asked, which may publish, and lose its event. */
  #asking = false;

  /** @param target where `bus:drop` is dispatched */
  constructor(failures: Failures, target: EventTarget) {
    this.#failures = failures;
    this.#target = target;
  }

  /** Counts a loss; cheap. */
  add(reason: RejectReason | DropReason, type: unknown): void {
    if (!this.#unreported) {
      this.#unreported = {
        since: this.#failures.now(),
        total: this.total,
        reasons: { ...this.reasons },
        types: this.#types.toRecord(),
      };
      this.#episode ??= this.#unreported;
    }
    // In this order: at the end of the stack the call may throw.
    this.#types.add(typeof type === "string" ? type : "(not a string)");
    this.reasons[reason]++;
    // Where requests are apart, the microtask of another one may never come.
    if (this.#asking || this.#scheduled && !REQUESTS_ARE_APART) return;
    inNeutralContext(this.#onMicrotask);
    this.#scheduled = true;
  }

  /** All of the bus's life. */
  get total(): number {
    return this.#types.total;
  }

  /** Those that had been accepted. */
  get dropped(): number {
    return this.reasons.evicted + this.reasons.shutdown;
  }

  /** All but those after a stop and of reserved types. */
  get droppedEventsCount(): number {
    return this.reasons.queue_full + this.dropped;
  }

  /** A copy of the counts, of all or of one window. */
  counts(window?: LossWindow): LossCounts {
    const { evicted, shutdown, ...rejected } = {
      ...NO_LOSSES,
      ...difference(this.reasons, window?.reasons),
    };
    return {
      rejected,
      dropped: { evicted, shutdown },
      lostByType: difference(this.#types.toRecord(), window?.types),
    };
  }

  /** Called when the queue has become empty. */
  onDrain(): void {
    if (this.#opened) this.flush();
  }

  /** Ends an episode and reports what is not reported yet; called at the end of `stop`. */
  flush(): void {
    this.#report();
    if (!this.#episode) return;
    this.#warn(this.#episode, " in all; the queue is empty");
    this.#episode = undefined;
    this.#opened = false;
  }

  readonly #onMicrotask = (): void => {
    this.#asking = true;
    const now = this.#failures.now();
    this.#asking = this.#scheduled = false;
    // A stop may have reported it meanwhile.
    if (!this.#unreported || !this.#backoff.due(now)) return;
    this.#opened = true;
    this.#warn(this.#unreported, this.suffix);
    this.#report();
  };

  #report(): void {
    if (!this.#unreported) return;
    const { since } = this.#unreported;
    const detail: BusDrop = { ...this.counts(this.#unreported), since };
    this.#unreported = undefined;
    this.#target.dispatchEvent(new CustomEvent("bus:drop", { detail }));
  }

  /** Such as `lost 3 events (queue_full 3; "a" 2, "b" 1) since …`. */
  #warn({ since, total, reasons, types }: LossWindow, more: string): void {
    const lost = this.total - total;
    const byReason = highest(difference(this.reasons, reasons), String);
    const byType = highest(difference(this.#types.toRecord(), types), format);
    // A user's clock may say what no Date can show; its JSON is null then.
    const date = new Date(since).toJSON() ?? since;
    this.#failures.warn(
      `lost ${lost} event${lost === 1 ? "" : "s"} (${byReason}; ${byType}) since ${date}${more}`,
    );
  }
}

/** What has grown between two copies of counts, by how much. */
function difference(now: Counts, then?: Counts): Counts {
  const grown: Counts = Object.create(null);
  for (const name in now) {
    const count = now[name] as number - (then?.[name] ?? 0);
    if (count > 0) grown[name] = count;
  }
  return grown;
}

/** The highest counts, such as `a 2, b 1`; the others as `…`. */
function highest(counts: Counts, showName: (name: string) => string): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)
    .map(([name, count], index) => index < MAX_NAMES_IN_LINE ? `${showName(name)} ${count}` : "…")
    .slice(0, MAX_NAMES_IN_LINE + 1).join(", ");
}
