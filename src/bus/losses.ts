import type { BusDrop, DropReason, LossCounts, RejectReason } from "../library/reports.ts";
import { Backoff } from "../internal/backoff.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import type { Failures } from "./failures.ts";
import { format } from "../internal/arguments.ts";
import { MAX_NAMES_IN_LINE } from "../internal/tuning.ts";
import { Tally } from "./tally.ts";

/** What was lost in some time. */
interface Ledger {
  /** When the first loss was, in milliseconds since the epoch. */
  readonly since: number;
  readonly reasons: Record<RejectReason | DropReason, number>;
  readonly types: Tally;
}

const createLedger = (since: number): Ledger => ({
  since,
  reasons: { queue_full: 0, stopped: 0, reserved: 0, evicted: 0, shutdown: 0 },
  types: new Tally(),
});

/** A copy of the counts. */
function toCounts({ reasons, types }: Ledger): LossCounts {
  const { evicted, shutdown, ...rejected } = reasons;
  return { rejected, dropped: { evicted, shutdown }, lostByType: types.toRecord() };
}

/**
 * Counts losses and reports them: a line and a `bus:drop` event at the first, then after 1 s, 2 s,
 * 4 s … 60 s while they go on, and a line with the totals once the queue has been empty again.
 *
 * It needs no timer: a loss schedules at most one microtask, which reads the clock.
 */
export type Losses = ReturnType<typeof createLosses>;

/** Makes the counts of a bus. @param target where `bus:drop` is dispatched */
export function createLosses(failures: Failures, target: EventTarget) {
  /** Of the bus's whole life. */
  const life = createLedger(0);
  const { reasons, types } = life;
  const backoff = new Backoff();
  /** What no `bus:drop` has reported yet. */
  let unreported: Ledger | undefined;
  /** What no closing line has reported yet. */
  let episode: Ledger | undefined;
  /** Whether the episode has had its opening line. */
  let opened = false;
  let scheduled = false;
  /** Whether the clock is being asked, which may publish, and lose its event. */
  let asking = false;

  /** Those that had been accepted. */
  const dropped = () => reasons.evicted + reasons.shutdown;

  /** Ends an episode and reports what is not reported yet; called at the end of `stop`. */
  function flush(): void {
    report();
    if (!episode) return;
    warn(episode, " in all; the queue is empty");
    episode = undefined;
    opened = false;
  }

  function onMicrotask(): void {
    asking = true;
    const now = failures.now();
    asking = scheduled = false;
    // A stop may have reported it meanwhile.
    if (!unreported || !backoff.due(now)) return;
    opened = true;
    warn(unreported, losses.neverStarted ? "; the bus was never started, call start()" : "");
    report();
  }

  function report(): void {
    if (!unreported) return;
    const detail: BusDrop = { ...toCounts(unreported), since: unreported.since };
    unreported = undefined;
    target.dispatchEvent(new CustomEvent("bus:drop", { detail }));
  }

  /** Such as `lost 3 events (queue_full 3; "a" 2, "b" 1) since …`. */
  function warn({ since, reasons, types }: Ledger, more: string): void {
    const lost = types.total;
    const byReason = highest(reasons, String);
    const byType = highest(types.toRecord(), format);
    // A user's clock may say what no Date can show; its JSON is null then.
    const date = new Date(since).toJSON() ?? since;
    failures.warn(
      `lost ${lost} event${lost === 1 ? "" : "s"} (${byReason}; ${byType}) since ${date}${more}`,
    );
  }

  const losses = {
    /** Said at the end of each line but the last. */
    neverStarted: true,
    reasons,
    counts: () => toCounts(life),
    dropped,
    flush,

    /** Counts a loss; cheap. */
    add(reason: RejectReason | DropReason, type: unknown): void {
      if (!unreported) {
        // It may publish, and lose its event.
        const since = failures.now();
        unreported ??= createLedger(since);
        episode ??= createLedger(since);
      }
      const name = typeof type === "string" ? type : "(not a string)";
      // The bus's life last: at the end of the stack a call may throw.
      for (const ledger of [unreported, episode as Ledger, life]) {
        ledger.types.add(name);
        ledger.reasons[reason]++;
      }
      // Where requests are apart, the microtask of another one may never come.
      if (asking || scheduled && !REQUESTS_ARE_APART) return;
      inNeutralContext(onMicrotask);
      scheduled = true;
    },

    /** All of the bus's life. */
    total: () => types.total,

    /** All but those after a stop and of reserved types. */
    droppedEventsCount: () => reasons.queue_full + dropped(),

    /** Called when the queue has become empty. */
    onDrain(): void {
      if (opened) flush();
    },
  };
  return losses;
}

/** The highest counts, such as `a 2, b 1`; the others as `…`. */
function highest(counts: Record<string, number>, showName: (name: string) => string): string {
  return Object.entries(counts).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
    .map(([name, count], index) => index < MAX_NAMES_IN_LINE ? `${showName(name)} ${count}` : "…")
    .slice(0, MAX_NAMES_IN_LINE + 1).join(", ");
}
