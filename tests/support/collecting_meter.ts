import type { Attributes, Meter } from "@busbar/busbar/subscribers";

type Instrument = { readonly name: string };
type Result = { observe(instrument: Instrument, value: number, attributes?: Attributes): void };

/** A value of a histogram. */
export interface Recorded {
  readonly name: string;
  readonly value: number;
  readonly attributes: Attributes | undefined;
}

/** A meter that a test collects from, at once and as often as it likes. */
export interface CollectingMeter {
  readonly meter: Meter;
  /** How many callbacks a collection calls. */
  readonly callbacks: ReadonlySet<unknown>;
  /** What histograms have recorded. */
  readonly recorded: readonly Recorded[];
  /** What the instruments show: values by name and, if there are any, attributes as JSON. */
  collect(): Map<string, number>;
}

/** Makes one. */
export function collectingMeter(): CollectingMeter {
  const callbacks = new Set<(result: Result) => void>();
  const recorded: Recorded[] = [];
  const create = (name: string): Instrument => ({ name });
  const meter = {
    createHistogram: (name: string) => ({
      record: (value: number, attributes?: Attributes) =>
        void recorded.push({ name, value, attributes }),
    }),
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
    recorded,
    collect: () => {
      const values = new Map<string, number>();
      const observe: Result["observe"] = ({ name }, value, attributes) =>
        void values.set(name + (attributes === undefined ? "" : JSON.stringify(attributes)), value);
      for (const callback of callbacks) callback({ observe });
      return values;
    },
  };
}
