import type { Attributes, Meter } from "@busbar/busbar/subscribers";

type Instrument = { readonly name: string };
type Result = { observe(instrument: Instrument, value: number, attributes?: Attributes): void };

/** A meter that a test collects from, at once and as often as it likes. */
export interface CollectingMeter {
  readonly meter: Meter;
  /** How many callbacks a collection calls. */
  readonly callbacks: ReadonlySet<unknown>;
  /** What the instruments show: values by name and, if there are any, attributes as JSON. */
  collect(): Map<string, number>;
}

/** Makes one. What histograms record is forgotten. */
export function collectingMeter(): CollectingMeter {
  const callbacks = new Set<(result: Result) => void>();
  const create = (name: string): Instrument => ({ name });
  const meter = {
    createHistogram: () => ({ record: () => {} }),
    createObservableGauge: create,
    createObservableCounter: create,
    createObservableUpDownCounter: create,
    addBatchObservableCallback: (callback: (result: Result) => void) => callbacks.add(callback),
    removeBatchObservableCallback: (callback: (result: Result) => void) =>
      callbacks.delete(callback),
  };
  return {
    meter: meter as unknown as Meter,
    callbacks,
    collect: () => {
      const values = new Map<string, number>();
      const observe: Result["observe"] = ({ name }, value, attributes) =>
        void values.set(name + (attributes === undefined ? "" : JSON.stringify(attributes)), value);
      for (const callback of callbacks) callback({ observe });
      return values;
    },
  };
}
