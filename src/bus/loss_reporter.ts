import { Backoff } from "./backoff.ts";
import type { Failures } from "./failures.ts";
import { type DropReason, type LossCounts, Losses, type RejectReason } from "./losses.ts";

/** What a `bus:drop` event tells: the losses since the last one. */
export interface BusDrop extends LossCounts {
  /** When the first of them was noticed, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Counts losses and tells of them: a line and a `bus:drop` event at the first, then after 1 s, 2 s,
 * 4 s … 60 s while they go on, and a line with the totals once the queue has been empty again.
 *
 * It needs no timer: a loss schedules at most one microtask, which reads the clock.
 */
export class LossReporter {
  /** All losses of the bus's life. */
  readonly total: Losses = new Losses();
  /** What to add to a line, such as that the bus was never started. */
  hint = "";
  readonly #now: () => number;
  readonly #failures: Failures;
  readonly #target: EventTarget;
  readonly #backoff = new Backoff();
  /** Since the last `bus:drop`. */
  #untold = new Losses();
  /** Since the last closing line. */
  #episode = new Losses();
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
    this.total.add(reason, type);
    this.#episode.add(reason, type);
    this.#untold.add(reason, type);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#onMicrotask);
  }

  /** Called when the queue has become empty. */
  noteEmpty(): void {
    if (this.#opened) this.finish();
  }

  /** Ends an episode and tells what is untold; called at the end of `stop`. */
  finish(): void {
    const episode = this.#episode;
    if (!this.#opened && this.#untold.count === 0) return;
    this.#date(this.#now());
    this.#opened = false;
    this.#episode = new Losses();
    if (this.#untold.count > 0) this.#emit();
    this.#failures.warn(`lost ${episode} in all; the queue is empty again`);
  }

  readonly #onMicrotask = (): void => {
    this.#scheduled = false;
    // A stop may have told it meanwhile.
    if (this.#untold.count === 0) return;
    const now = this.#now();
    this.#date(now);
    if (!this.#backoff.due(now)) return;
    this.#opened = true;
    this.#failures.warn(`lost ${this.#emit()}${this.hint}`);
  };

  #date(now: number): void {
    this.#episode.since ??= now;
    this.#untold.since ??= now;
  }

  #emit(): Losses {
    const told = this.#untold;
    this.#untold = new Losses();
    const detail = { ...told.toCounts(), since: told.since };
    this.#target.dispatchEvent(new CustomEvent("bus:drop", { detail }));
    return told;
  }
}
