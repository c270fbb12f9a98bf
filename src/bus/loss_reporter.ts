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
  /** All losses of the bus's life. */
  readonly total: Losses = new Losses(0);
  /** What to add to a line. */
  hint = "; the bus was never started, call start()";
  readonly #now: () => number;
  readonly #failures: Failures;
  readonly #target: EventTarget;
  readonly #backoff = new Backoff();
  /** Since the last `bus:drop`, if there were any. */
  #untold: Losses | undefined;
  /** Since the last closing line, if there were any. */
  #episode: Losses | undefined;
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
    this.#untold ??= new Losses(this.#now());
    this.#episode ??= new Losses(this.#untold.since);
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
    if (!episode) return;
    this.#opened = false;
    this.#episode = undefined;
    this.#tell();
    this.#failures.warn(`lost ${episode} in all; the queue is empty`);
  }

  readonly #onMicrotask = (): void => {
    this.#scheduled = false;
    // A stop may have told it meanwhile.
    if (!this.#untold || !this.#backoff.due(this.#now())) return;
    this.#opened = true;
    this.#failures.warn(`lost ${this.#untold}${this.hint}`);
    this.#tell();
  };

  #tell(): void {
    const untold = this.#untold;
    if (!untold) return;
    this.#untold = undefined;
    const detail: BusDrop = { ...untold.toCounts(), since: untold.since };
    this.#target.dispatchEvent(new CustomEvent("bus:drop", { detail }));
  }
}
