import { Backoff } from "../../bus/backoff.ts";
import type { Logger } from "../../bus/options.ts";
import { rejectedBy } from "./rejected_count.ts";
import { MAX_DELAY_MS, unref, withinMs } from "./timers.ts";

/** The bounds of an export queue unless others are given: OpenTelemetry's own but for the first. */
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

/** The bounds of an export queue; each has its default in {@linkcode DEFAULT_EXPORT_QUEUE_OPTIONS}. */
export interface ExportQueueBounds {
  /** How many items may wait; what comes beyond is dropped and counted. An integer of at least 1. */
  readonly maxQueueSize?: number;
  /** How many items one export has at most. An integer of at least 1. */
  readonly maxExportBatchSize?: number;
  /** How long an item waits for others at most, in milliseconds. */
  readonly scheduleDelayMs?: number;
  /** How long one export may take, in milliseconds; beyond it its items count as failed. */
  readonly exportTimeoutMs?: number;
  /** How long a flush, and the one of a shutdown, may take with all its exports, in milliseconds. */
  readonly flushTimeoutMs?: number;
}

/** What an {@linkcode ExportQueue} needs. */
export interface ExportQueueOptions<Item> extends ExportQueueBounds {
  /** What is exported, as warnings name it: `"spans"`, `"log records"`. */
  readonly itemName: string;
  /**
   * Exports one batch; rejects if that failed for good. An error with a number `rejectedCount` says
   * how many of the items were not taken; without one, none was.
   */
  readonly exportBatch: (items: Item[]) => Promise<void>;
  /** Where losses are told, once and then backing off. Default: `console`. */
  readonly logger?: Logger;
}

/** What became of the items; all but `queued` only grow. */
export interface ExportCounts {
  /** Handed over. */
  readonly exported: number;
  /** Exported, but not taken by the other side, or not in time. */
  readonly failed: number;
  /** Not even tried: the queue was full, or shut down. */
  readonly dropped: number;
  /** Waiting, and those of the export under way. */
  readonly queued: number;
}

/**
 * Items that wait to be exported: bounded, in batches, one export at a time.
 *
 * - **Memory**: `maxQueueSize` items wait at most, and one batch is under way.
 * - **Loss**: what does not fit is dropped, what the other side does not take fails; both are
 *   counted and told.
 * - **Delay**: a full batch goes at once, a smaller one after `scheduleDelayMs`. The timer does not
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

  /** A copy of what became of the items. */
  get counts(): ExportCounts {
    return {
      exported: this.#exported,
      failed: this.#failed,
      dropped: this.#dropped,
      queued: this.#queued,
    };
  }

  /** Takes one item, or drops it if there is no room. It never throws. */
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
   * Exports all that waits now.
   *
   * @returns whether that was done, well or badly, within `flushTimeoutMs`; what was not goes on
   */
  async flush(): Promise<boolean> {
    this.#closeBatch();
    const last = this.#full.at(-1);
    // The export under way, or the last of the batches that wait now: not those that come later.
    const done = last === undefined ? Promise.resolve(this.#underWay) : this.#done(last);
    this.#pump();
    return await withinMs(this.#options.flushTimeoutMs, done);
  }

  /**
   * Takes nothing more, and exports what waits; what then still waits is dropped. The second call
   * gives the promise of the first.
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
    const inTime = await withinMs(exportTimeoutMs, exportBatch(batch));
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
