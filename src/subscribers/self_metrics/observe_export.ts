import { NO_OBSERVATION, type Observed, type Row, startObservation } from "./observation.ts";
import { resolveSelfMetricsOptions, type SelfMetricsOptions } from "./options.ts";

/** What became of the items of one signal; all but `queued` only grow. */
export interface ExportStats {
  /** Exported successfully. */
  readonly exported: number;
  /** Rejected by the receiver, or not accepted in time. */
  readonly failed: number;
  /** Never sent: the queue was full, or shut down. */
  readonly dropped: number;
  /** Waiting, or part of the export in progress. */
  readonly queued: number;
}

/** Export counts by signal: `traces`, `metrics`, `logs`. */
export type ExportStatsBySignal = Readonly<Record<string, ExportStats>>;

const INSTRUMENTS: readonly Observed<ExportStatsBySignal>[] = [
  {
    name: "export.exported_items",
    kind: "counter",
    description: "Spans, log records and data points exported",
    rows: (stats) => rowsBySignal(stats, ({ exported }) => exported),
  },
  {
    name: "export.failed_items",
    kind: "counter",
    description: "Items that the receiver rejected, or did not accept in time",
    rows: (stats) => rowsBySignal(stats, ({ failed }) => failed),
  },
  {
    name: "export.dropped_items",
    kind: "counter",
    description: "Items never sent, because the queue was full",
    rows: (stats) => rowsBySignal(stats, ({ dropped }) => dropped),
  },
  {
    name: "export.queued_items",
    kind: "gauge",
    description: "Items waiting to be exported",
    rows: (stats) => rowsBySignal(stats, ({ queued }) => queued),
  },
];

/**
 * Exports what became of exports as metrics, by `signal`: the counters
 * `<prefix>.export.exported_items`, `failed_items` and `dropped_items`, and the gauge
 * `queued_items`. If there is no signal when it is called, it creates nothing.
 *
 * @param stats read at each collection
 * @returns a disposable that ends the observation
 * @throws {TypeError} if an option is unknown or invalid
 */
export function observeExport(
  stats: () => ExportStatsBySignal,
  options: SelfMetricsOptions,
): Disposable {
  const resolved = resolveSelfMetricsOptions("observe exports", options);
  if (Object.keys(stats()).length === 0) return NO_OBSERVATION;
  return startObservation({ stats, instruments: INSTRUMENTS }, resolved);
}

function rowsBySignal(stats: ExportStatsBySignal, pick: (stats: ExportStats) => number): Row[] {
  return Object.entries(stats).map(([signal, counts]) => [pick(counts), { signal }]);
}
