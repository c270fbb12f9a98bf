import type { StopReport } from "../library/reports.ts";
import { Deadline } from "../internal/deadline.ts";
import { awaitInNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import type { AsyncCall, Drain, DrainParts } from "./drain.ts";

/** The sums of a {@linkcode StopReport}, since the bus was made. */
type Totals = [delivered: number, dropped: number, leftOver: number, failures: number];

/** The parts of a bus that starting, flushing and stopping it concerns. */
type Parts = DrainParts & { readonly drain: Drain };

/** Starts, flushes and stops a bus. */
export class Lifecycle {
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  open: boolean;
  started = false;
  readonly #parts: Parts;
  #stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  #restart = false;
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
    if (!await deadline.until(() => haveSettled(calls, drain), drain.changes)) {
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
    const report = this.#report(timedOut);
    this.#stopping = undefined;
    if (this.#restart) this.start();
    return report;
  }

  /** Names those whose calls hang, each once. */
  #blame(calls: ReadonlySet<AsyncCall>, what: string): void {
    const { drain, failures } = this.#parts;
    const hanging = [...calls].filter((call) => drain.inFlight.has(call));
    for (const name of new Set(hanging.map((call) => call.name))) {
      failures.count(name, what, new Error("a call did not settle in time"));
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
    return [this.delivered, losses.lostCount, losses.reasons.shutdown, failures.counts.total];
  }

  #report(timedOut: boolean): StopReport {
    const [delivered, dropped, leftOver, failures] = this.#totals()
      .map((total, index) => total - (this.#atStart[index] as number)) as Totals;
    return { delivered, dropped, leftOver, failures, timedOut };
  }
}

/** Whether calls have settled; it takes out of the set those that it finds to have. */
function haveSettled(calls: Set<AsyncCall>, { inFlight }: Drain): boolean {
  for (const call of calls) {
    if (inFlight.has(call)) return false;
    calls.delete(call);
  }
  return true;
}
