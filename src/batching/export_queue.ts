import { Backoff } from "../internal/backoff.ts";
import { clearTimer, monotonicMs, setTimer, type Timer } from "../internal/clocks.ts";
import { Deadline, resolveTimeoutMs } from "../internal/deadline.ts";
import { Lease } from "../internal/lease.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import { errorText, report } from "../internal/reporting.ts";
import { MAX_DELAY_MS, settlesWithin, unref } from "../internal/timers.ts";
import type { DeadlineOptions } from "../library/options.ts";
import {
  type ExportQueueOptions,
  type ResolvedExportQueueOptions,
  resolveExportQueueOptions,
} from "./options.ts";
import { rejectedBy } from "./rejected_count.ts";

const SHUT_DOWN = "the queue was shut down";
const ABANDONED = "the request that exported them has ended";

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

/** Exports one batch after the other, until there is none. */
interface Run {
  readonly lease: Lease;
  /** Ends the export in progress. */
  current: AbortController;
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
 * - **Requests**: where work ends with the request that has begun it (workerd), an export that was
 *   cut off is begun again by the next `add` or `flush`, until `exportTimeoutMs` is over, and a batch
 *   whose timer was lost is exported by the next `add` after its delay. For an export that is sure
 *   to end, hand a flush to the request: `ctx.waitUntil(queue.flush())`.
 * - **Context**: exports run in the async context (`AsyncLocalStorage`) of no caller.
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
  /** The batches that wait; the first is being exported if there is a run. */
  readonly #full: Item[][] = [];
  #filling: Item[] = [];
  #added = 0;
  #queued = 0;
  #exported = 0;
  #failed = 0;
  #dropped = 0;
  #reportedLosses = 0;
  #lastError = "";
  #run: Run | undefined;
  /** When the export of the first batch was begun; `NaN` if it was not. */
  #begunMs = NaN;
  /** What is called whenever a batch has met its end. */
  readonly #changes = new Set<() => void>();
  /** Of the last shutdown: its promise is nothing for another request. */
  #ending: Lease | undefined;
  #hasEnded = false;
  #timer: Timer | undefined;
  /** When the first item of the batch that fills was added, where timers may be lost. */
  #fillingSinceMs = 0;
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
    const { maxQueueSize, maxExportBatchSize } = this.#options;
    if (REQUESTS_ARE_APART) this.#recover();
    if (!this.#isOpen || this.#queued >= maxQueueSize) {
      this.#dropped++;
      this.#lastError = this.#isOpen ? "the queue is full" : SHUT_DOWN;
      this.#scheduleReport();
      return;
    }
    this.#added++;
    this.#queued++;
    const length = this.#filling.push(item);
    if (length >= maxExportBatchSize) {
      this.#closeBatch();
      this.#pump();
    } else if (length === 1) {
      if (REQUESTS_ARE_APART) this.#fillingSinceMs = monotonicMs();
      inNeutralContext(this.#startTimer);
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
    // What was added so far, not what comes later.
    const target = this.#added;
    this.#closeBatch();
    const isDone = () => {
      this.#pump();
      return this.#added - this.#queued >= target;
    };
    const inTime = await deadline.until(isDone, this.#changes);
    deadline.clear();
    return inTime;
  }

  /**
   * Accepts no more items and exports those queued. At the deadline the export in progress is
   * aborted, so that its items fail, and what is still queued is dropped. A second call waits for
   * the first one's end.
   */
  async shutdown(options: DeadlineOptions = {}): Promise<void> {
    resolveTimeoutMs("shut ExportQueue down", options);
    if (this.#ending !== undefined) await this.#untilEnded(this.#ending);
    if (this.#hasEnded) return;
    const lease = this.#ending = new Lease();
    await this.#end(options);
    lease.end();
    this.#hasEnded = true;
    this.#changed();
  }

  /** Waits for a shutdown in progress, or for its request to be gone. */
  async #untilEnded(ending: Lease): Promise<void> {
    const deadline = new Deadline(MAX_DELAY_MS);
    await deadline.until(() => this.#hasEnded || ending.isLost, this.#changes);
    deadline.clear();
  }

  async #end(options: DeadlineOptions): Promise<void> {
    this.#isOpen = false;
    await this.flush(options);
    const run = this.#run;
    if (run !== undefined) {
      run.current.abort();
      this.#giveUp(SHUT_DOWN);
    }
    for (const batch of this.#full.splice(0)) {
      this.#dropped += batch.length;
      this.#lastError = SHUT_DOWN;
      this.#settle(batch);
    }
    inNeutralContext(this.#report);
  }

  readonly #startTimer = (): void => {
    if (this.#timer !== undefined || this.#filling.length === 0) return;
    this.#timer = setTimer(() => {
      this.#closeBatch();
      this.#pump();
    }, Math.min(this.#options.scheduleDelayMs, MAX_DELAY_MS));
    unref(this.#timer);
  };

  /** Takes up what a request has left behind. */
  #recover(): void {
    const waitedMs = monotonicMs() - this.#fillingSinceMs;
    if (waitedMs >= this.#options.scheduleDelayMs) this.#closeBatch();
    this.#pump();
  }

  #closeBatch(): void {
    clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#filling.length === 0) return;
    this.#full.push(this.#filling);
    this.#filling = [];
  }

  #settle(batch: Item[]): void {
    this.#queued -= batch.length;
    this.#begunMs = NaN;
    this.#changed();
  }

  #changed(): void {
    for (const look of this.#changes) look();
  }

  #pump(): void {
    if (this.#full.length === 0) return;
    if (this.#run !== undefined) {
      if (!this.#run.lease.isLost) return;
      const isOver = monotonicMs() - this.#begunMs >= this.#options.exportTimeoutMs;
      if (isOver) this.#giveUp(ABANDONED);
      else this.#endRun();
    }
    // Never on the stack of whoever ended a span.
    inNeutralContext(this.#startRun);
  }

  readonly #startRun = (): void => {
    if (this.#run === undefined) void this.#exportAll();
  };

  #endRun(): void {
    this.#run?.lease.end();
    this.#run = undefined;
  }

  /** Ends the run, whose export has failed; what comes of it later counts no more. */
  #giveUp(why: string): void {
    this.#endRun();
    // There is one for as long as there is a run.
    const batch = this.#full.shift() as Item[];
    this.#failed += batch.length;
    this.#lastError = why;
    this.#settle(batch);
    this.#scheduleReport();
  }

  async #exportAll(): Promise<void> {
    const run: Run = { lease: new Lease(), current: new AbortController() };
    this.#run = run;
    let batch: Item[] | undefined;
    while ((batch = this.#full[0]) !== undefined) {
      const { length } = batch;
      let rejected = 0;
      let why = "";
      try {
        await this.#exportInTime(batch, run);
      } catch (error) {
        rejected = rejectedBy(error, length);
        why = errorText(error);
      }
      // It has been given up, or another request has begun anew.
      if (this.#run !== run) return;
      this.#full.shift();
      this.#exported += length - rejected;
      this.#failed += rejected;
      if (rejected > 0) {
        this.#lastError = why;
        this.#scheduleReport();
      }
      this.#settle(batch);
    }
    // Here, not in a later microtask: a batch closed in between would wait for the next one.
    this.#endRun();
  }

  async #exportInTime(batch: Item[], run: Run): Promise<void> {
    const { exportBatch, exportTimeoutMs } = this.#options;
    const { signal } = run.current = new AbortController();
    // What has been begun before has so much less time left.
    const usedMs = Number.isNaN(this.#begunMs) ? 0 : monotonicMs() - this.#begunMs;
    if (usedMs === 0) this.#begunMs = monotonicMs();
    if (await settlesWithin(exportTimeoutMs - usedMs, exportBatch(batch, signal), signal)) return;
    run.current.abort();
    throw new Error(`no response within ${exportTimeoutMs} ms`);
  }

  #scheduleReport(): void {
    if (this.#backoff.due(monotonicMs())) inNeutralContext(this.#report);
  }

  readonly #report = (): void => {
    const { itemName, logger } = this.#options;
    const losses = this.#failed + this.#dropped;
    const since = losses - this.#reportedLosses;
    if (since === 0) return;
    this.#reportedLosses = losses;
    report(logger, `Cannot export ${since} ${itemName}, ${losses} in all: ${this.#lastError}`);
  };
}
