import type { EventAttributes } from "../catalog/attributes.ts";
import { DEFAULT_BUCKETS } from "../catalog/buckets.ts";
import type { DeclaredInstrument, InstrumentKind } from "../catalog/metric.ts";
import { DEFAULT_MAX_ATTRIBUTE_SETS } from "../catalog/metric_options.ts";
import { wallMs } from "../internal/clocks.ts";
import { HistogramInstrument } from "../subscribers/metrics/histogram_instrument.ts";
import { describe, type InstrumentParts } from "../subscribers/metrics/instrument.ts";
import type { MetricsMirror } from "../subscribers/metrics/mirror.ts";
import { NumberInstrument } from "../subscribers/metrics/number_instrument.ts";
import { ShownRows } from "../subscribers/metrics/shown_rows.ts";
import type { Attributes, BatchObservableCallback, Meter } from "../subscribers/otel_api.ts";

type ObservableGauge = ReturnType<Meter["createObservableGauge"]>;
type Observables = Parameters<Meter["addBatchObservableCallback"]>[1];
type MetricOptions = NonNullable<Parameters<Meter["createHistogram"]>[1]>;
type Row = { readonly value: number; readonly attributes?: Attributes | undefined };

/** An instrument that is read. */
class Observable {
  readonly rows: Row[] = [];
  readonly callbacks = new Set<(result: { observe: Observe }) => unknown>();
  readonly shown: ShownRows;

  constructor(shown: ShownRows) {
    this.shown = shown;
  }

  addCallback(callback: (result: { observe: Observe }) => unknown): void {
    this.callbacks.add(callback);
  }

  removeCallback(callback: (result: { observe: Observe }) => unknown): void {
    this.callbacks.delete(callback);
  }
}

type Observe = (value: number, attributes?: Attributes) => void;

/**
 * A meter whose instruments stand in the thread's memory, for what each thread tells of itself. What is
 * observed is read at a refresh, synchronously; a callback that fails leaves out what it reads.
 */
export class SharedMeter {
  readonly #parts: InstrumentParts & { readonly mirror: MetricsMirror };
  readonly #observables = new Set<Observable>();
  /** The names of counters that are read. */
  readonly observedCounters: Set<string> = new Set();
  readonly #batches = new Map<BatchObservableCallback, Set<unknown>>();

  constructor(mirror: MetricsMirror) {
    this.#parts = {
      meter: undefined,
      mirror,
      startTimeMs: wallMs(),
      onTouched: () => {},
      onProblem: () => {},
      onFailedRead: () => {},
      onObserved: () => {},
      now: wallMs,
    };
    mirror.onRefresh(() => this.#refresh());
  }

  /** As a meter of OpenTelemetry's API, which takes no other instruments here. */
  asMeter(): Meter {
    const number = (kind: InstrumentKind) => (name: string, options?: MetricOptions) => {
      const instrument = new NumberInstrument(name, declare(kind, options), this.#parts);
      const record = (value: number, attributes?: Attributes) =>
        instrument.record(value, attributes as EventAttributes);
      return { add: record, record };
    };
    const observed = (kind: InstrumentKind) => (name: string, options?: MetricOptions) =>
      this.#observe(name, declare(kind, options)) as unknown as ObservableGauge;
    return {
      createGauge: number("gauge"),
      createCounter: number("counter"),
      createUpDownCounter: number("upDownCounter"),
      createHistogram: (name: string, options?: MetricOptions) => {
        const declared = declare("histogram", options);
        const instrument = new HistogramInstrument(name, declared, this.#parts);
        return {
          record: (value: number, attributes?: Attributes) =>
            instrument.record(value, attributes as EventAttributes),
        };
      },
      createObservableGauge: observed("gauge"),
      createObservableCounter: (name, options) => {
        this.observedCounters.add(name);
        return observed("counter")(name, options);
      },
      createObservableUpDownCounter: observed("upDownCounter"),
      addBatchObservableCallback: (callback: BatchObservableCallback, observables: Observables) => {
        this.#batches.set(callback, new Set(observables));
      },
      removeBatchObservableCallback: (callback: BatchObservableCallback) => {
        this.#batches.delete(callback);
      },
    };
  }

  #observe(name: string, declared: DeclaredInstrument): Observable {
    const { mirror } = this.#parts;
    const described = describe(name, declared, this.#parts, 1);
    const observable = new Observable(
      new ShownRows(mirror, described, declared.maxAttributeSets),
    );
    this.#observables.add(observable);
    return observable;
  }

  #refresh(): void {
    for (const { callbacks, rows } of this.#observables) {
      const observe: Observe = (value, attributes) => void rows.push({ value, attributes });
      for (const callback of callbacks) attempt(() => callback({ observe }));
    }
    for (const [callback, observables] of this.#batches) {
      const observe = (observable: unknown, value: number, attributes?: Attributes) => {
        if (!(observable instanceof Observable) || !observables.has(observable)) return;
        observable.rows.push({ value, attributes });
      };
      attempt(() => callback({ observe } as Parameters<BatchObservableCallback>[0]));
    }
    for (const { shown, rows } of this.#observables) shown.show(rows.splice(0));
  }
}

/** What one callback throws is no matter of the others. */
function attempt(call: () => unknown): void {
  try {
    // What it rejects with would end the process.
    Promise.resolve(call()).catch(() => {});
  } catch {
    // It shows nothing, as the next collection will.
  }
}

function declare(kind: InstrumentKind, options: MetricOptions = {}): DeclaredInstrument {
  const { description = "", unit = "", advice } = options;
  return {
    kind,
    description,
    unit,
    maxAttributeSets: DEFAULT_MAX_ATTRIBUTE_SETS,
    buckets: advice?.explicitBucketBoundaries ?? DEFAULT_BUCKETS,
    attributeNames: undefined,
    initialAttributes: [],
    maxIdleMs: undefined,
  };
}
