import { Backoff } from "../../bus/backoff.ts";
import type { Logger } from "../../bus/options.ts";

/** The bounds of an export queue unless others are given: OpenTelemetry's own but for the first. */
export const DEFAULT_EXPORT_QUEUE_OPTIONS: Readonly<{
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduleDelayMs: number;
  exportTimeoutMs: number;
}> = Object.freeze({
  maxQueueSize: 20_000,
  maxExportBatchSize: 512,
  scheduleDelayMs: 5_000,
  exportTimeoutMs: 30_000,
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
}

/** What an {@linkcode ExportQueue} needs. */
export interface ExportQueueOptions<Item> extends ExportQueueBounds {
  /** What is exported, as warnings name it: `"spans"`, `"log records"`. */
  readonly itemName: string;
  /** Exports one batch; rejects if that failed for good. */
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
  #pumping: Promise<void> | undefined;
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
    for (const name of ["scheduleDelayMs", "exportTimeoutMs"] as const) {
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
      }, scheduleDelayMs);
      unref(this.#timer);
    }
  }

  /** Exports all that waits now; resolves when that has succeeded or failed. */
  async flush(): Promise<void> {
    this.#closeBatch();
    await this.#pump();
  }

  /** Takes nothing more, and exports what waits. */
  async shutdown(): Promise<void> {
    this.#open = false;
    await this.flush();
  }

  #closeBatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#filling.length === 0) return;
    this.#full.push(this.#filling);
    this.#filling = [];
  }

  #pump(): Promise<void> {
    return this.#pumping ??= this.#exportAll().finally(() => this.#pumping = undefined);
  }

  async #exportAll(): Promise<void> {
    // Never on the stack of whoever ended a span.
    await null;
    let batch: Item[] | undefined;
    while ((batch = this.#full.shift()) !== undefined) {
      const { length } = batch;
      try {
        await this.#exportInTime(batch);
        this.#exported += length;
      } catch (error) {
        this.#failed += length;
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#tellLosses();
      }
      this.#queued -= length;
    }
  }

  async #exportInTime(batch: Item[]): Promise<void> {
    const { exportBatch, exportTimeoutMs } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${exportTimeoutMs} ms`)),
      exportTimeoutMs,
    );
    try {
      await Promise.race([exportBatch(batch), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tellLosses(): void {
    if (!this.#backoff.due(performance.now())) return;
    queueMicrotask(() => {
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
    });
  }
}

/** Lets the process end while the timer waits; browsers' timers are numbers and never keep one. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  } else {
    (globalThis as { Deno?: { unrefTimer?(timer: unknown): void } }).Deno?.unrefTimer?.(timer);
  }
}
