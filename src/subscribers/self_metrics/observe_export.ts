import type { BatchObservableCallback, Meter } from "../otel_api.ts";
import type { ExportCounts } from "../../batching/export_queue.ts";

/** Export counts by signal: `traces`, `metrics`, `logs`. */
export type ExportCountsBySignal = Readonly<Record<string, ExportCounts>>;

/** The options of {@linkcode observeExport}. */
export interface ObserveExportOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /** The prefix of their names. Default: `"busbar"`. */
  readonly prefix?: string;
}

/**
 * Exports the export counts as metrics, by `signal`: the counters
 * `<prefix>.export.exported_items`, `failed_items` and `dropped_items`, and the gauge
 * `queued_items`. If no signal is pushed, it creates nothing.
 *
 * @returns a disposable that ends the observation
 */
export function observeExport(
  counts: () => ExportCountsBySignal,
  { meter, prefix = "busbar" }: ObserveExportOptions,
): Disposable {
  if (Object.keys(counts()).length === 0) return { [Symbol.dispose]: () => {} };
  const counter = (name: string, description: string) =>
    meter.createObservableCounter(`${prefix}.export.${name}`, { description });
  const exported = counter("exported_items", "Spans, log records and data points exported");
  const failed = counter(
    "failed_items",
    "Items that the receiver rejected, or did not accept in time",
  );
  const dropped = counter("dropped_items", "Items never sent, because the queue was full");
  const queued = meter.createObservableGauge(`${prefix}.export.queued_items`, {
    description: "Items waiting to be exported",
  });
  const observed = [exported, failed, dropped, queued];
  const observe: BatchObservableCallback = (result) => {
    for (const [signal, count] of Object.entries(counts())) {
      result.observe(exported, count.exported, { signal });
      result.observe(failed, count.failed, { signal });
      result.observe(dropped, count.dropped, { signal });
      result.observe(queued, count.queued, { signal });
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, observed) };
}
