import type { Attributes, BatchObservableCallback, Meter } from "../otel_api.ts";
import type { ResolvedSelfMetricsOptions } from "./options.ts";

/** One value of an instrument at a collection. */
export type Row = readonly [value: number, attributes?: Attributes];

/** An instrument whose values are read at each collection. */
export interface Observed<Stats> {
  /** Its name, after the prefix if there is one. */
  readonly name: string;
  readonly kind: "counter" | "upDownCounter" | "gauge";
  readonly description: string;
  readonly unit?: string;
  /** Its values, from what was read once for all instruments. */
  readonly rows: (stats: Stats) => readonly Row[];
}

/** Instruments that are read together; see {@linkcode startObservation}. */
export interface ObservationParts<Stats> {
  /** Read once at each collection; `undefined` if there is nothing to show. */
  readonly stats: () => Stats | undefined;
  readonly instruments: readonly Observed<Stats>[];
  /** Called when the observation ends. Default: nothing. */
  readonly onEnd?: () => void;
  /**
   * Called with the names of the instruments that could not be read, which show nothing then.
   * Default: the collection fails.
   */
  readonly onError?: (names: readonly string[], error: unknown) => void;
}

/** Several counts by name, as rows with that name in an attribute. */
export function rowsBy(attribute: string, counts: Readonly<Record<string, number>>): Row[] {
  return Object.entries(counts).map(([name, count]) => [count, { [attribute]: name }]);
}

/** An observation that creates nothing. */
export const NO_OBSERVATION: Disposable = { [Symbol.dispose]: () => {} };

/** Where instruments are created; without a prefix, under their own names. */
export type ObservationTarget =
  & Pick<ResolvedSelfMetricsOptions, "meter" | "signal">
  & { readonly prefix?: string };

/** Creates the instruments and reads them at each collection, until it is disposed or aborted. */
export function startObservation<Stats>(
  { stats, instruments, onEnd, onError }: ObservationParts<Stats>,
  { meter, prefix, signal }: ObservationTarget,
): Disposable {
  const created = instruments.map((observed) => {
    const name = prefix === undefined ? observed.name : `${prefix}.${observed.name}`;
    return { name, instrument: create(meter, name, observed), rows: observed.rows };
  });
  const observables = created.map(({ instrument }) => instrument);
  const names = created.map(({ name }) => name);
  const attempt = (names: readonly string[], read: () => void) => {
    try {
      read();
    } catch (error) {
      if (onError === undefined) throw error;
      onError(names, error);
    }
  };
  const observe: BatchObservableCallback = (result) =>
    attempt(names, () => {
      const read = stats();
      if (read === undefined) return;
      for (const { name, instrument, rows } of created) {
        attempt([name], () => {
          for (const [value, attributes] of rows(read)) {
            result.observe(instrument, value, attributes);
          }
        });
      }
    });
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
  switch (kind) {
    case "gauge":
      return meter.createObservableGauge(name, { description, unit });
    case "counter":
      return meter.createObservableCounter(name, { description, unit });
    case "upDownCounter":
      return meter.createObservableUpDownCounter(name, { description, unit });
  }
}
