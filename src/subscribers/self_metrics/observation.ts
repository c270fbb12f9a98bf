import type { Attributes, BatchObservableCallback, Meter } from "../otel_api.ts";
import type { ResolvedSelfMetricsOptions } from "./options.ts";

/** One value of an instrument at a collection. */
export type Row = readonly [value: number, attributes?: Attributes];

/** An instrument whose values are read at each collection. */
export interface Observed<Stats> {
  /** Its name, after the prefix. */
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly description: string;
  readonly unit?: string;
  /** Its values, from what was read once for all instruments. */
  readonly rows: (stats: Stats) => readonly Row[];
}

/** Instruments that are read together; see {@linkcode startObservation}. */
export interface ObservationParts<Stats> {
  /** Read once at each collection. */
  readonly stats: () => Stats;
  readonly instruments: readonly Observed<Stats>[];
  /** Called when the observation ends. Default: nothing. */
  readonly onEnd?: () => void;
}

/** Several counts by name, as rows with that name in an attribute. */
export function rowsBy(attribute: string, counts: Readonly<Record<string, number>>): Row[] {
  return Object.entries(counts).map(([name, count]) => [count, { [attribute]: name }]);
}

/** An observation that creates nothing. */
export const NO_OBSERVATION: Disposable = { [Symbol.dispose]: () => {} };

/** Creates the instruments and reads them at each collection, until it is disposed or aborted. */
export function startObservation<Stats>(
  { stats, instruments, onEnd }: ObservationParts<Stats>,
  { meter, prefix, signal }: ResolvedSelfMetricsOptions,
): Disposable {
  const created = instruments.map((observed) => ({
    instrument: create(meter, `${prefix}.${observed.name}`, observed),
    rows: observed.rows,
  }));
  const observables = created.map(({ instrument }) => instrument);
  const observe: BatchObservableCallback = (result) => {
    const read = stats();
    for (const { instrument, rows } of created) {
      for (const [value, attributes] of rows(read)) result.observe(instrument, value, attributes);
    }
  };
  const end = () => {
    signal?.removeEventListener("abort", end);
    meter.removeBatchObservableCallback(observe, observables);
    onEnd?.();
  };
  meter.addBatchObservableCallback(observe, observables);
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  return { [Symbol.dispose]: end };
}

function create<Stats>(
  meter: Meter,
  name: string,
  { kind, description, unit = "" }: Observed<Stats>,
): ReturnType<Meter["createObservableGauge"]> {
  return kind === "gauge"
    ? meter.createObservableGauge(name, { description, unit })
    : meter.createObservableCounter(name, { description, unit });
}
