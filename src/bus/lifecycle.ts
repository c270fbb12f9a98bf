import type { StopReport } from "../library/reports.ts";
import type { BusEvent } from "../events/event.ts";
import { Deadline } from "../internal/deadline.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import type { Drain } from "./drain.ts";
import type { Failures } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { SubscriberSet } from "./subscriber_set.ts";

/** The sums of a {@linkcode StopReport}, since the bus was made. */
type Totals = [delivered: number, dropped: number, leftOver: number, failures: number];

/** The parts of a bus that starting, flushing and stopping it concerns. */
interface Parts {
  readonly queue: BoundedQueue<BusEvent>;
  readonly drain: Drain;
  readonly losses: Losses;
  readonly failures: Failures;
  readonly subscribers: SubscriberSet;
}

/** Starts, flushes and stops a bus. */
export class Lifecycle {
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  open: boolean;
  started = false;
  readonly #enabled: boolean;
  readonly #parts: Parts;
  #stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  #restart = false;
  /** Called at the end of the next slice. */
  #onSliceEnd: (() => void)[] = [];
  #atStart: Totals;

  constructor(enabled: boolean, parts: Parts) {
    this.#enabled = this.open = enabled;
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
      this.open = this.started = this.#enabled;
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
    const { drain, subscribers } = this.#parts;
    const asking = drain.call;
    const deadline = new Deadline(timeoutMs, signal);
    // An unstarted bus drains too, for as long as somebody waits for it.
    drain.retain();
    const drained = await deadline.waitFor(this.#drained());
    if (stopping && !drained) this.#dropLeftOver();
    await deadline.waitFor(Promise.all(drain.pending(asking)));
    drain.release();
    await subscribers.callAsync("flush", deadline);
    if (stopping) await subscribers.callAsync("shutdown", deadline);
    deadline.clear();
    return !deadline.passed;
  }

  stop(timeoutMs: number, signal: AbortSignal | undefined): Promise<StopReport> {
    this.#restart = false;
    return this.#stopping ??= this.#stop(timeoutMs, signal);
  }

  endSlice(startedAtMs: number): void {
    const { queue, losses, subscribers } = this.#parts;
    subscribers.call("onDrain", startedAtMs);
    for (const go of this.#onSliceEnd.splice(0)) go();
    if (queue.size === 0) losses.noteEmpty();
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

  /** Resolves when everything accepted so far is settled. */
  async #drained(): Promise<void> {
    const { queue, drain } = this.#parts;
    const target = queue.pushed;
    while (drain.settled < target) {
      await new Promise<void>((resolve) => this.#onSliceEnd.push(resolve));
    }
  }

  #dropLeftOver(): void {
    const { queue, losses } = this.#parts;
    let event: BusEvent | undefined;
    while ((event = queue.shift())) losses.add("shutdown", event.type);
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
