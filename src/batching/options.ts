import { assertFunction, assertPositiveInteger, invalidArgument } from "../internal/arguments.ts";
import type { Logger } from "../internal/logger.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { withDefaults } from "../internal/with_defaults.ts";

/**
 * The default bounds of every export queue.
 *
 * `maxQueueSize` is twice the bus's: a drain may end as many spans in one burst as the bus's queue
 * holds, while those of the burst before it are still being exported. The others are
 * OpenTelemetry's for spans.
 */
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

/** The bounds of an export queue; the defaults are {@linkcode DEFAULT_EXPORT_QUEUE_OPTIONS}. */
export interface ExportQueueBounds {
  /** How many items may wait; further ones are dropped and counted. At least 1. Default: 20,000. */
  readonly maxQueueSize?: number | undefined;
  /** The maximum number of items in one export. An integer of at least 1. Default: 512. */
  readonly maxExportBatchSize?: number | undefined;
  /** How long an item may wait for a batch to fill, in milliseconds. Default: 5,000. */
  readonly scheduleDelayMs?: number | undefined;
  /**
   * How long one export may take, in milliseconds; after that its items count as failed. Default:
   * 30,000.
   */
  readonly exportTimeoutMs?: number | undefined;
}

/** The options of an {@linkcode ExportQueue}. */
export interface ExportQueueOptions<Item> extends ExportQueueBounds {
  /** What the items are called in the log, such as `"spans"` or `"log records"`. */
  readonly itemName: string;
  /**
   * Exports one batch; rejects if that failed for good. If the error has a number `rejectedCount`,
   * only that many items were rejected; otherwise all were. The signal aborts when nobody waits for
   * the export any more.
   */
  readonly exportBatch: (items: Item[], signal: AbortSignal) => Promise<void>;
  /** Where losses are logged, once and then backing off. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** The options with their defaults, none of which may be left open. */
export type ResolvedExportQueueOptions<Item> = {
  readonly [Name in keyof ExportQueueOptions<Item>]-?: NonNullable<ExportQueueOptions<Item>[Name]>;
};

const ACTION = "create ExportQueue";
const COUNTS = ["maxQueueSize", "maxExportBatchSize"] as const;
const DURATIONS = ["scheduleDelayMs", "exportTimeoutMs"] as const;
const OPTIONS = [...COUNTS, ...DURATIONS, "itemName", "exportBatch", "logger"];

/**
 * Checks what a user passed and fills in the defaults.
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 * @throws {RangeError} if a bound is out of range
 */
export function resolveExportQueueOptions<Item>(
  options: ExportQueueOptions<Item>,
): ResolvedExportQueueOptions<Item> {
  assertKnownNames(ACTION, "option", options, OPTIONS);
  const { itemName, exportBatch } = options;
  if (typeof itemName !== "string") {
    invalidArgument(TypeError, ACTION, "itemName", "a text", itemName);
  }
  assertFunction(ACTION, "exportBatch", exportBatch);
  const resolved = withDefaults<ResolvedExportQueueOptions<Item>>({
    ...DEFAULT_EXPORT_QUEUE_OPTIONS,
    logger: console,
    itemName,
    exportBatch,
  }, options);
  for (const name of COUNTS) assertPositiveInteger(ACTION, name, resolved[name]);
  for (const name of DURATIONS) {
    const value = resolved[name];
    if (typeof value !== "number" || !(value >= 0)) {
      invalidArgument(RangeError, ACTION, name, "a number of at least 0", value);
    }
  }
  return resolved;
}
