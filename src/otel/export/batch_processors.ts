import type { Resource } from "@opentelemetry/resources";
import type { Logger } from "../../bus/options.ts";
import { type ExportCounts, ExportQueue, type ExportQueueBounds } from "./export_queue.ts";
import type {
  LogRecordExporter,
  LogRecordProcessor,
  ReadableLogRecord,
  ReadableSpan,
  SpanExporter,
  SpanProcessor,
} from "./sdk_types.ts";

/** The options of a batch processor. */
export interface BatchOptions extends ExportQueueBounds {
  /** Where losses are told. Default: `console`. */
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
 * Hands ended spans to an exporter in batches. Unlike the SDK's own batch processor it counts what
 * is lost, tells it, and its queue can be as long as a burst.
 */
export class SpanBatchProcessor implements SpanProcessor {
  readonly #queue: ExportQueue<ReadableSpan>;
  readonly #exporter: SpanExporter;

  /** Opens nothing. */
  constructor(exporter: SpanExporter, options: BatchOptions = {}) {
    this.#exporter = exporter;
    this.#queue = queueFor("spans", exporter, options);
  }

  /** What became of the spans. */
  get counts(): ExportCounts {
    return this.#queue.counts;
  }

  /** Nothing happens at a start. */
  onStart(): void {}

  /** Queues a span that is sampled. */
  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 1) this.#queue.add(span);
  }

  /** Exports what waits. */
  async forceFlush(): Promise<void> {
    await this.#queue.flush();
  }

  /** Exports what waits and shuts the exporter down. */
  async shutdown(): Promise<void> {
    await this.#queue.shutdown();
    await this.#exporter.shutdown();
  }
}

/** Hands log records to an exporter in batches, as {@linkcode SpanBatchProcessor} does with spans. */
export class LogBatchProcessor implements LogRecordProcessor {
  readonly #queue: ExportQueue<ReadableLogRecord>;
  readonly #exporter: LogRecordExporter;

  /** Opens nothing. */
  constructor(exporter: LogRecordExporter, options: BatchOptions = {}) {
    this.#exporter = exporter;
    this.#queue = queueFor("log records", exporter, options);
  }

  /** What became of the records. */
  get counts(): ExportCounts {
    return this.#queue.counts;
  }

  /** Queues a record. */
  onEmit(record: ReadableLogRecord): void {
    this.#queue.add(record);
  }

  /** Exports what waits. */
  async forceFlush(): Promise<void> {
    await this.#queue.flush();
  }

  /** Exports what waits and shuts the exporter down. */
  async shutdown(): Promise<void> {
    await this.#queue.shutdown();
    await this.#exporter.shutdown();
  }
}
