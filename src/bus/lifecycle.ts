import type { StopReport } from "../library/reports.ts";
import { Deadline } from "../internal/deadline.ts";
import { awaitInNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import type { AsyncCall, Drain, DrainParts } from "./drain.ts";

/** The parts of a bus that starting, flushing and stopping it concerns. */
type Parts = DrainParts & { readonly drain: Drain };

/** The sums of a {@linkcode StopReport}. */
type Totals = { -readonly [Name in Exclude<keyof StopReport, "timedOut">]: number };

/** Starts, flushes and stops a bus. */
export class Lifecycle {
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  open: boolean;
  started = false;
  readonly #parts: Parts;
  #stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  #restart = false;
  /** The counts of the bus's life when it was started. */
  #atStart: Totals;

  constructor(parts: Parts) {
    this.open = parts.options.enabled;
    this.#parts = parts;
    this.#atStart = this.#totals();
  }

  /** What left the queue was dispatched or dropped. */
  get delivered(): number {
    const { drain, losses } = this.#parts;
    return drain.settled - losses.dropped;
  }

  start(): void {
    if (this.#stopping) {
      this.#restart = true;
    } else {
      const { drain, losses } = this.#parts;
      if (!this.open) this.#atStart = this.#totals();
      if (!this.started) drain.retain();
      this.open = this.started = this.#parts.options.enabled;
      losses.suffix = "";
    }
  }

  /**
   * What flush and stop have in common: the queue, the async handlers, the subscribers.
   *
   * @returns whether it was done in time
   */
  async settle(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    stopping = false,
  ): Promise<boolean> {
    const { queue, drain, subscribers } = this.#parts;
    const asking = drain.call;
    const target = queue.pushed;
    const deadline = new Deadline(timeoutMs, signal);
    // An unstarted bus drains too, for as long as somebody waits for it.
    drain.retain();
    const isDrained = () => {
      if (REQUESTS_ARE_APART) drain.wake();
      return drain.settled >= target;
    };
    const drained = await deadline.until(isDrained, drain.changes);
    if (stopping && !drained) this.#dropLeftOver();
    const calls = new Set(drain.inFlight);
    calls.delete(asking);
    const haveSettled = () => {
      if (REQUESTS_ARE_APART) drain.endLost();
      return calls.isDisjointFrom(drain.inFlight);
    };
    if (!await deadline.until(haveSettled, drain.changes)) {
      this.#blame(calls, stopping ? "stop" : "flush");
    }
    drain.release();
    await awaitInNeutralContext(async () => {
      await subscribers.callAsync("flush", deadline);
      if (stopping) await subscribers.callAsync("shutdown", deadline);
    });
    deadline.clear();
    return !deadline.passed;
  }

  stop(timeoutMs: number, signal: AbortSignal | undefined): Promise<StopReport> {
    this.#restart = false;
    return this.#stopping ??= this.#stop(timeoutMs, signal);
  }

  async #stop(timeoutMs: number, signal: AbortSignal | undefined): Promise<StopReport> {
    if (this.started) this.#parts.drain.release();
    this.open = this.started = false;
    const timedOut = !await this.settle(timeoutMs, signal, true);
    this.#parts.losses.finish();
    const totals = this.#totals();
    for (const name in totals) totals[name as keyof Totals] -= this.#atStart[name as keyof Totals];
    this.#stopping = undefined;
    if (this.#restart) this.start();
    return { ...totals, timedOut };
  }

  /** Names those whose calls hang, each once. */
  #blame(calls: ReadonlySet<AsyncCall>, what: string): void {
    const { drain, failures } = this.#parts;
    const hanging = calls.intersection(drain.inFlight);
    for (const name of new Set([...hanging].map((call) => call.name))) {
      failures.count(name, what, "a call did not settle in time");
    }
  }

  #dropLeftOver(): void {
    const { queue, drain, losses } = this.#parts;
    let type = drain.abandon() ?? queue.shift()?.type;
    while (type !== undefined) {
      losses.add("shutdown", type);
      type = queue.shift()?.type;
    }
  }

  #totals(): Totals {
    const { losses, failures } = this.#parts;
    return {
      delivered: this.delivered,
      dropped: losses.lostCount,
      leftOver: losses.reasons.shutdown,
      failures: failures.counts.total,
    };
  }
}
