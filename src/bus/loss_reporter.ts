import { Backoff } from "./backoff.ts";
import type { Failures } from "./failures.ts";
import { type DropReason, type LossCounts, Losses, type RejectReason } from "./losses.ts";

/** What a `bus:drop` event tells: the losses since the last one. */
export interface BusDrop extends LossCounts {
  /** When the first of them happened, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Counts losses and tells of them: a line and a `bus:drop` event at the first, then after 1 s, 2 s,
 * 4 s … 60 s while they go on, and a line with the totals once the queue has been empty again.
 *
 * It needs no timer: a loss schedules at most one microtask, which reads the clock.
 */
export class LossReporter {
  /** What to add to a line. */
  hint = "; the bus was never started, call start()";
  readonly #now: () => number;
  readonly #failures: Failures;
  readonly #target: EventTarget;
  readonly #backoff = new Backoff();
  /** Of the bus's whole life. */
  readonly #total = new Losses();
  /** Since the last `bus:drop`. */
  #untold = new Losses();
  /** Since the last closing line. */
  #episode = new Losses();
  /** What is not in the three above yet: each loss is counted once, and they are read rarely. */
  #fresh = new Losses();
  /** Whether the episode has had its opening line. */
  #opened = false;
  #scheduled = false;

  /** @param target where `bus:drop` is dispatched */
  constructor(now: () => number, failures: Failures, target: EventTarget) {
    this.#now = now;
    this.#failures = failures;
    this.#target = target;
  }

  /** Counts a loss; cheap. */
  add(reason: RejectReason | DropReason, type: string): void {
    this.#fresh.since ??= this.#now();
    this.#fresh.add(reason, type);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /** All losses of the bus's life. */
  get total(): Losses {
    this.#absorbFresh();
    return this.#total;
  }

  /** Called when the queue has become empty. */
  noteEmpty(): void {
    if (this.#opened) this.finish();
  }

  /** Ends an episode and tells what is untold; called at the end of `stop`. */
  finish(): void {
    this.#absorbFresh();
    this.#tell();
    const episode = this.#episode;
    if (episode.since === undefined) return;
    this.#opened = false;
    this.#episode = new Losses();
    this.#failures.warn(`lost ${episode} in all; the queue is empty`);
  }

  readonly #onMicrotask = (): void => {
    this.#scheduled = false;
    this.#absorbFresh();
    const untold = this.#untold;
    // A stop may have told it meanwhile.
    if (untold.since === undefined || !this.#backoff.due(this.#now())) return;
    this.#opened = true;
    this.#failures.warn(`lost ${untold}${this.hint}`);
    this.#tell();
  };

  #absorbFresh(): void {
    if (this.#fresh.since === undefined) return;
    for (const losses of [this.#total, this.#untold, this.#episode]) losses.absorb(this.#fresh);
    this.#fresh = new Losses();
  }

  #tell(): void {
    const untold = this.#untold;
    if (untold.since === undefined) return;
    this.#untold = new Losses();
    const detail: BusDrop = { ...untold.toCounts(), since: untold.since };
    this.#target.dispatchEvent(new CustomEvent("bus:drop", { detail }));
  }
}
