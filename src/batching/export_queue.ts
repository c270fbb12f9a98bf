import { Backoff } from "../internal/backoff.ts";
import type { Logger } from "../internal/logger.ts";
import { rejectedBy } from "./rejected_count.ts";
import { MAX_DELAY_MS, settlesWithin, unref } from "../internal/timers.ts";

/** The default limits of an export queue: OpenTelemetry's own, except for the first. */
export const DEFAULT_EXPORT_QUEUE_OPTIONS: Readonly<{
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduleDelayMs: number;
  exportTimeoutMs: number;
  flushTimeoutMs: number;
}> = Object.freeze({
  maxQueueSize: 20_000,
  maxExportBatchSize: 512,
  scheduleDelayMs: 5_000,
  exportTimeoutMs: 30_000,
  flushTimeoutMs: 30_000,
});

/** The limits of an export queue; the defaults are {@linkcode DEFAULT_EXPORT_QUEUE_OPTIONS}. */
export interface ExportQueueBounds {
  /** How many items may wait; further ones are dropped and counted. An integer of at least 1. */
  readonly maxQueueSize?: number;
  /** The maximum number of items in one export. An integer of at least 1. */
  readonly maxExportBatchSize?: number;
  /** How long an item may wait for a batch to fill, in milliseconds. */
  readonly scheduleDelayMs?: number;
  /** How long one export may take, in milliseconds; after that its items count as failed. */
  readonly exportTimeoutMs?: number;
  /** How long a flush, including that of a shutdown, may take in total, in milliseconds. */
  readonly flushTimeoutMs?: number;
}

/** The options of an {@linkcode ExportQueue}. */
export interface ExportQueueOptions<Item> extends ExportQueueBounds {
  /** What the items are called in warnings, such as `"spans"` or `"log records"`. */
  readonly itemName: string;
  /**
   * Exports one batch; rejects if that failed for good. If the error has a number `rejectedCount`, only
   * that many items were rejected; otherwise all were.
   */
  readonly exportBatch: (items: Item[]) => Promise<void>;
  /** Where losses are told, once and then backing off. Default: `console`. */
  readonly logger?: Logger;
}

/** Counts of the items; all but `queued` only grow. */
export interface ExportCounts {
  /** Exported successfully. */
  readonly exported: number;
  /** Rejected by the receiver, or not accepted in time. */
  readonly failed: number;
  /** Never sent: the queue was full, or shut down. */
  readonly dropped: number;
  /** Waiting, or part of the export in progress. */
  readonly queued: number;
}

/**
 * A bounded queue of items that are exported in batches, one export at a time.
 *
 * - **Memory**: at most `maxQueueSize` items wait, while one batch is being exported.
 * - **Loss**: items that do not fit are dropped, items that the receiver rejects fail; both are
 *   counted and logged.
 * - **Delay**: a full batch is exported at once, a smaller one after `scheduleDelayMs`. The timer does not
 *   keep the process alive.
 */
export class ExportQueue<Item> {
  readonly #options: Required<ExportQueueOptions<Item>>;
  readonly #backoff = new Backoff();
  readonly #full: Item[][] = [];
  #filling: Item[] = [];
  #queued = 0;
  #exported = 0;
  #failed = 0;
  #dropped = 0;
  #toldLosses = 0;
  #lastError = "";
  #underWay: Promise<void> | undefined;
  readonly #awaited = new Map<Item[], PromiseWithResolvers<void>>();
  #shutdown: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = true;

  /**
   * Opens nothing.
   *
   * @throws {RangeError} if a bound is out of range
   */
  constructor(options: ExportQueueOptions<Item>) {
    this.#options = { ...DEFAULT_EXPORT_QUEUE_OPTIONS, logger: console, ...options };
    for (const name of ["maxQueueSize", "maxExportBatchSize"] as const) {
      const value = this.#options[name];
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(
          `Cannot create ExportQueue: ${name} must be a positive integer, received ${value}`,
        );
      }
    }
    for (const name of ["scheduleDelayMs", "exportTimeoutMs", "flushTimeoutMs"] as const) {
      const value = this.#options[name];
      if (!(value >= 0)) {
        throw new RangeError(
          `Cannot create ExportQueue: ${name} must be a number of at least 0, received ${value}`,
        );
      }
    }
  }

  /** A copy of the counts. */
  get counts(): ExportCounts {
    return {
      exported: this.#exported,
      failed: this.#failed,
      dropped: this.#dropped,
      queued: this.#queued,
    };
  }

  /** Queues one item, or drops it if the queue is full. It never throws. */
  add(item: Item): void {
    const { maxQueueSize, maxExportBatchSize, scheduleDelayMs } = this.#options;
    if (!this.#open || this.#queued >= maxQueueSize) {
      this.#dropped++;
      this.#tellLosses();
      return;
    }
    this.#queued++;
    this.#filling.push(item);
    if (this.#filling.length >= maxExportBatchSize) {
      this.#closeBatch();
      this.#pump();
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#closeBatch();
        this.#pump();
      }, Math.min(scheduleDelayMs, MAX_DELAY_MS));
      unref(this.#timer);
    }
  }

  /**
   * Exports everything queued now.
   *
   * @returns whether all exports ended, successfully or not, within `flushTimeoutMs`; those that did not
   * continue
   */
  async flush(): Promise<boolean> {
    this.#closeBatch();
    const last = this.#full.at(-1);
    // The export under way, or the last of the batches that wait now: not those that come later.
    const done = last === undefined ? Promise.resolve(this.#underWay) : this.#done(last);
    this.#pump();
    return await settlesWithin(this.#options.flushTimeoutMs, done);
  }

  /**
   * Accepts no more items and exports those queued; what is still queued at the timeout is dropped. A
   * second call returns the promise of the first.
   */
  shutdown(): Promise<void> {
    return this.#shutdown ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#open = false;
    await this.flush();
    for (const batch of this.#full.splice(0)) {
      this.#dropped += batch.length;
      this.#lastError = "the queue was shut down";
      this.#settle(batch);
    }
    if (this.#failed + this.#dropped > this.#toldLosses) this.#tell();
  }

  #closeBatch(): void {
    clearTimeout(this.#timer);
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
    this.#underWay ??= this.#exportAll();
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
        this.#lastError = error instanceof Error ? error.message : String(error);
      }
      this.#exported += length - rejected;
      this.#failed += rejected;
      if (rejected > 0) this.#tellLosses();
      this.#settle(batch);
    }
    // Here, not in a later microtask: a batch closed in between would wait for the next one.
    this.#underWay = undefined;
  }

  async #exportInTime(batch: Item[]): Promise<void> {
    const { exportBatch, exportTimeoutMs } = this.#options;
    const inTime = await settlesWithin(exportTimeoutMs, exportBatch(batch));
    if (!inTime) throw new Error(`no answer within ${exportTimeoutMs} ms`);
  }

  #tellLosses(): void {
    if (this.#backoff.due(performance.now())) queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    const { itemName, logger } = this.#options;
    const losses = this.#failed + this.#dropped;
    const since = losses - this.#toldLosses;
    this.#toldLosses = losses;
    const why = this.#lastError === "" ? "the queue is full" : this.#lastError;
    try {
      logger.warn(`Export: lost ${since} ${itemName}, ${losses} in all: ${why}`);
    } catch {
      // A logger that fails must not end the process, and there is nobody else to tell.
    }
  }
}
