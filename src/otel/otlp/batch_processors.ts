import type { Resource } from "@opentelemetry/resources";
import { ExportQueue } from "../../batching/export_queue.ts";
import { withUrl } from "./exporter_url.ts";
import { DEFAULT_EXPORT_QUEUE_OPTIONS, type ExportQueueBounds } from "../../batching/options.ts";
import type { DeadlineOptions } from "../../library/options.ts";
import type { Logger } from "../../internal/logger.ts";
import type { ExportStats } from "../../subscribers/self_metrics/observe_export.ts";
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
  readonly logger?: Logger | undefined;
}

/**
 * How long a flush or a shutdown of a batch processor may take. Its time-out has the name that
 * OpenTelemetry's SDK has for it, whose providers may hand it on.
 */
export interface ProcessorDeadline {
  /** In milliseconds, at least 0. Default: 30,000, as long as one export may take. */
  readonly timeoutMillis?: number | undefined;
  /** Ends the wait when it aborts, just as the timeout does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

function deadlineOf({ timeoutMillis, signal }: ProcessorDeadline): DeadlineOptions {
  return { timeoutMs: timeoutMillis ?? DEFAULT_EXPORT_QUEUE_OPTIONS.exportTimeoutMs, signal };
}

interface Exporter<Item> {
  export(items: Item[], callback: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

/** Waits for what is still asked for about whom the items are of: several may share a processor. */
async function attributesOf(items: readonly { readonly resource: Resource }[]): Promise<void> {
  let last: Resource | undefined;
  for (const { resource } of items) {
    // Nearly always that of the one before.
    if (resource === last) continue;
    last = resource;
    if (resource.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
  }
}

function queueFor<Item extends { readonly resource: Resource }>(
  itemName: string,
  exporter: Exporter<Item>,
  options: BatchOptions,
): ExportQueue<Item> {
  return new ExportQueue<Item>({
    ...options,
    itemName: withUrl(itemName, exporter),
    exportBatch: async (items) => {
      await attributesOf(items);
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
 * Passes ended spans to an exporter in batches. What the SDK's own processor loses shows only in
 * the SDK's metrics about itself, where they are enabled, and in its diagnostic log. This one
 * counts in `stats()` what became of every span, also where a receiver rejected a part of a batch,
 * logs losses, and its default queue is long enough for the bursts of a draining bus.
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
  stats(): ExportStats {
    return this.#queue.stats();
  }

  /** Does nothing when a span starts. */
  onStart(): void {}

  /** Queues a span that is sampled. */
  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 1) this.#queue.add(span);
  }

  /** Exports what is queued; it resolves at the deadline at the latest. */
  async forceFlush(options: ProcessorDeadline = {}): Promise<void> {
    await this.#queue.flush(deadlineOf(options));
  }

  /**
   * Exports what is queued and shuts down the exporter; what is left at the deadline is dropped.
   */
  async shutdown(options: ProcessorDeadline = {}): Promise<void> {
    await this.#queue.shutdown(deadlineOf(options));
    await this.#exporter.shutdown();
  }
}

/**
 * Passes log records to an exporter in batches, as {@linkcode SpanBatchProcessor} does with spans.
 */
export class LogBatchProcessor implements LogRecordProcessor {
  readonly #queue: ExportQueue<ReadableLogRecord>;
  readonly #exporter: LogRecordExporter;

  /** Creates the processor; it opens nothing. */
  constructor(exporter: LogRecordExporter, options: BatchOptions = {}) {
    this.#exporter = exporter;
    this.#queue = queueFor("log records", exporter, options);
  }

  /** The counts of log records so far. */
  stats(): ExportStats {
    return this.#queue.stats();
  }

  /** Queues a record. */
  onEmit(record: ReadableLogRecord): void {
    this.#queue.add(record);
  }

  /** Exports what is queued; it resolves at the deadline at the latest. */
  async forceFlush(options: ProcessorDeadline = {}): Promise<void> {
    await this.#queue.flush(deadlineOf(options));
  }

  /**
   * Exports what is queued and shuts down the exporter; what is left at the deadline is dropped.
   */
  async shutdown(options: ProcessorDeadline = {}): Promise<void> {
    await this.#queue.shutdown(deadlineOf(options));
    await this.#exporter.shutdown();
  }
}
