import type { Resource } from "@opentelemetry/resources";
import type { Logger } from "../../internal/logger.ts";
import {
  type ExportCounts,
  ExportQueue,
  type ExportQueueBounds,
} from "../../batching/export_queue.ts";
import type {
  LogRecordExporter,
  LogRecordProcessor,
  ReadableLogRecord,
  ReadableSpan,
  SpanExporter,
  SpanProcessor,
} from "../sdk_types.ts";

/** The options of a batch processor. */
export interface BatchOptions extends ExportQueueBounds {
  /** Where losses are logged. Default: `console`. */
  readonly logger?: Logger;
}

interface Exporter<Item> {
  export(items: Item[], callback: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

function queueFor<Item extends { readonly resource: Resource }>(
  itemName: string,
  exporter: Exporter<Item>,
  options: BatchOptions,
): ExportQueue<Item> {
  return new ExportQueue<Item>({
    ...options,
    itemName,
    exportBatch: async (items) => {
      const resource = items[0]?.resource;
      if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      await new Promise<void>((resolve, reject) => {
        exporter.export(items, ({ code, error }) => {
          if (code === 0) resolve();
          else reject(error ?? new Error("the exporter failed"));
        });
      });
    },
  });
}

/**
 * Passes ended spans to an exporter in batches. Unlike the SDK's own batch processor it counts and logs
 * losses, and its default queue is long enough for the bursts of a draining bus.
 */
export class SpanBatchProcessor implements SpanProcessor {
  readonly #queue: ExportQueue<ReadableSpan>;
  readonly #exporter: SpanExporter;

  /** Creates the processor; it opens nothing. */
  constructor(exporter: SpanExporter, options: BatchOptions = {}) {
    this.#exporter = exporter;
    this.#queue = queueFor("spans", exporter, options);
  }

  /** The counts of spans so far. */
  get counts(): ExportCounts {
    return this.#queue.counts;
  }

  /** Does nothing when a span starts. */
  onStart(): void {}

  /** Queues a span that is sampled. */
  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 1) this.#queue.add(span);
  }

  /** Exports what is queued. */
  async forceFlush(): Promise<void> {
    await this.#queue.flush();
  }

  /** Exports what is queued and shuts down the exporter. */
  async shutdown(): Promise<void> {
    await this.#queue.shutdown();
    await this.#exporter.shutdown();
  }
}

/** Passes log records to an exporter in batches, as {@linkcode SpanBatchProcessor} does with spans. */
export class LogBatchProcessor implements LogRecordProcessor {
  readonly #queue: ExportQueue<ReadableLogRecord>;
  readonly #exporter: LogRecordExporter;

  /** Creates the processor; it opens nothing. */
  constructor(exporter: LogRecordExporter, options: BatchOptions = {}) {
    this.#exporter = exporter;
    this.#queue = queueFor("log records", exporter, options);
  }

  /** The counts of log records so far. */
  get counts(): ExportCounts {
    return this.#queue.counts;
  }

  /** Queues a record. */
  onEmit(record: ReadableLogRecord): void {
    this.#queue.add(record);
  }

  /** Exports what is queued. */
  async forceFlush(): Promise<void> {
    await this.#queue.flush();
  }

  /** Exports what is queued and shuts down the exporter. */
  async shutdown(): Promise<void> {
    await this.#queue.shutdown();
    await this.#exporter.shutdown();
  }
}
