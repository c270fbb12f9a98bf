import { clearTimer, monotonicMs, setTimer, type Timer } from "../internal/clocks.ts";
import { Backoff } from "../internal/backoff.ts";
import type { DeadlineOptions } from "../library/options.ts";
import { Deadline, resolveTimeoutMs } from "../internal/deadline.ts";
import { errorText, report } from "../internal/reporting.ts";
import { MAX_DELAY_MS, settlesWithin, unref } from "../internal/timers.ts";
import {
  type ExportQueueOptions,
  type ResolvedExportQueueOptions,
  resolveExportQueueOptions,
} from "./options.ts";
import { rejectedBy } from "./rejected_count.ts";

const SHUT_DOWN = "the queue was shut down";

/** What became of the items of an {@linkcode ExportQueue}; all but `queued` only grow. */
export interface ExportQueueStats {
  /** Waiting, or part of the export in progress. */
  readonly queued: number;
  /** Exported successfully. */
  readonly exported: number;
  /** Rejected by the receiver, or not accepted in time. */
  readonly failed: number;
  /** Never sent: the queue was full, or shut down. */
  readonly dropped: number;
}

/**
 * A bounded queue of items that are exported in batches, one export at a time.
 *
 * - **Order**: first in, first out.
 * - **Memory**: at most `maxQueueSize` items wait or are being exported.
 * - **Loss**: items that do not fit are dropped, items that the receiver rejects fail; both are
 *   counted and logged, at first at once and then backing off. What was added is the sum of all
 *   counts of `stats()`.
 * - **Delay**: a full batch is exported at once, a smaller one after `scheduleDelayMs`. The timer
 *   does not keep the process alive.
 *
 * @example
 * ```ts
 * import { ExportQueue } from "@busbar/busbar/otel";
 *
 * const received: string[][] = [];
 * const queue = new ExportQueue<string>({
 *   itemName: "lines",
 *   maxExportBatchSize: 2,
 *   exportBatch: (lines) => Promise.resolve(void received.push(lines)),
 * });
 * for (const line of ["a", "b", "c"]) queue.add(line);
 * await queue.shutdown();
 * if (received.length !== 2 || queue.stats().exported !== 3) throw new Error("lines are missing");
 * ```
 */
export class ExportQueue<Item> {
  readonly #options: ResolvedExportQueueOptions<Item>;
  readonly #backoff = new Backoff();
  readonly #full: Item[][] = [];
  #filling: Item[] = [];
  #queued = 0;
  #exported = 0;
  #failed = 0;
  #dropped = 0;
  #reportedLosses = 0;
  #lastError = "";
  #inProgress: Promise<void> | undefined;
  /** Ends the export in progress. */
  #export: AbortController | undefined;
  readonly #awaited = new Map<Item[], PromiseWithResolvers<void>>();
  #shutdown: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isOpen = true;

  /**
   * Opens nothing.
   *
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if a bound is out of range
   */
  constructor(options: ExportQueueOptions<Item>) {
    this.#options = resolveExportQueueOptions(options);
  }

  /** The counts of the items so far. */
  stats(): ExportQueueStats {
    return {
      queued: this.#queued,
      exported: this.#exported,
      failed: this.#failed,
      dropped: this.#dropped,
    };
  }

  /** Queues one item, or drops it if the queue is full or shut down. It never throws. */
  add(item: Item): void {
    const { maxQueueSize, maxExportBatchSize, scheduleDelayMs } = this.#options;
    if (!this.#isOpen || this.#queued >= maxQueueSize) {
      this.#dropped++;
      this.#lastError = this.#isOpen ? "the queue is full" : SHUT_DOWN;
      this.#scheduleReport();
      return;
    }
    this.#queued++;
    this.#filling.push(item);
    if (this.#filling.length >= maxExportBatchSize) {
      this.#closeBatch();
      this.#pump();
    } else if (this.#timer === undefined) {
      this.#timer = setTimer(() => {
        this.#closeBatch();
        this.#pump();
      }, Math.min(scheduleDelayMs, MAX_DELAY_MS));
      unref(this.#timer);
    }
  }

  /**
   * Exports everything queued now.
   *
   * @returns whether all exports ended in time, successfully or not; those that did not continue
   */
  async flush(options: DeadlineOptions = {}): Promise<boolean> {
    const timeoutMs = resolveTimeoutMs("flush ExportQueue", options);
    const deadline = new Deadline(timeoutMs, options.signal);
    this.#closeBatch();
    const last = this.#full.at(-1);
    // The export in progress, or the last of the batches that wait now: not those that come later.
    const done = last === undefined ? Promise.resolve(this.#inProgress) : this.#done(last);
    this.#pump();
    try {
      return await deadline.waitFor(done);
    } finally {
      deadline.clear();
    }
  }

  /**
   * Accepts no more items and exports those queued. At the deadline the export in progress is
   * aborted, so that its items fail, and what is still queued is dropped. A second call waits for
   * the first one's end.
   */
  async shutdown(options: DeadlineOptions = {}): Promise<void> {
    resolveTimeoutMs("shut ExportQueue down", options);
    await (this.#shutdown ??= this.#end(options));
  }

  async #end(options: DeadlineOptions): Promise<void> {
    this.#isOpen = false;
    await this.flush(options);
    for (const batch of this.#full.splice(0)) {
      this.#dropped += batch.length;
      this.#lastError = SHUT_DOWN;
      this.#settle(batch);
    }
    this.#export?.abort();
    await this.#inProgress;
    if (this.#failed + this.#dropped > this.#reportedLosses) this.#report();
  }

  #closeBatch(): void {
    clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#filling.length === 0) return;
    this.#full.push(this.#filling);
    this.#filling = [];
  }

  #done(batch: Item[]): Promise<void> {
    let awaited = this.#awaited.get(batch);
    if (awaited === undefined) this.#awaited.set(batch, awaited = Promise.withResolvers());
    return awaited.promise;
  }

  #settle(batch: Item[]): void {
    this.#queued -= batch.length;
    this.#awaited.get(batch)?.resolve();
    this.#awaited.delete(batch);
  }

  #pump(): void {
    this.#inProgress ??= this.#exportAll();
  }

  async #exportAll(): Promise<void> {
    // Never on the stack of whoever ended a span.
    await null;
    let batch: Item[] | undefined;
    while ((batch = this.#full.shift()) !== undefined) {
      const { length } = batch;
      let rejected = 0;
      try {
        await this.#exportInTime(batch);
      } catch (error) {
        rejected = rejectedBy(error, length);
        this.#lastError = errorText(error);
      }
      this.#exported += length - rejected;
      this.#failed += rejected;
      if (rejected > 0) this.#scheduleReport();
      this.#settle(batch);
    }
    // Here, not in a later microtask: a batch closed in between would wait for the next one.
    this.#inProgress = undefined;
  }

  async #exportInTime(batch: Item[]): Promise<void> {
    const { exportBatch, exportTimeoutMs } = this.#options;
    const controller = this.#export = new AbortController();
    try {
      const exported = exportBatch(batch, controller.signal);
      if (await settlesWithin(exportTimeoutMs, exported, controller.signal)) return;
      if (controller.signal.aborted) throw new Error(SHUT_DOWN);
      controller.abort();
      throw new Error(`no response within ${exportTimeoutMs} ms`);
    } finally {
      this.#export = undefined;
    }
  }

  #scheduleReport(): void {
    if (this.#backoff.due(monotonicMs())) queueMicrotask(() => this.#report());
  }

  #report(): void {
    const { itemName, logger } = this.#options;
    const losses = this.#failed + this.#dropped;
    const since = losses - this.#reportedLosses;
    this.#reportedLosses = losses;
    report(logger, `Cannot export ${since} ${itemName}, ${losses} in all: ${this.#lastError}`);
  }
}
