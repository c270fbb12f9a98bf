import type { EventAttributes } from "../../catalog/attributes.ts";
import type { Measurement, ReadMetric } from "../../catalog/metric.ts";
import { format } from "../../internal/arguments.ts";
import type { Steps } from "../../internal/slices.ts";
import type { Attributes } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import { describe, type Instrument, type InstrumentParts, POINTS_PER_STEP } from "./instrument.ts";
import { type Observable, observablesWithoutNaN, readObservables } from "./meter_observables.ts";
import { ShownRows } from "./shown_rows.ts";
import type { CollectedMetric, NumberPoint } from "./series.ts";

type Reading = ReturnType<ReadMetric<never>["read"]>;

/** A value that was read. */
interface ReadSeries {
  readonly attributes: Attributes;
  value: number;
}

/**
 * A gauge that is read at each collection. One that cannot be read has no series in it; in that of a
 * meter, which keeps them, they are NaN.
 */
export class ReadInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: ReadMetric<never>;
  readonly #parts: InstrumentParts;
  readonly #observable: Observable | undefined;
  /** What the meter was shown last that had a value. */
  #shown: readonly Attributes[] = [];
  readonly #rows: ShownRows | undefined;
  #refreshes: Disposable | undefined;
  readonly expired = 0;
  failedReads = 0;
  invalid = 0;
  overflowed = 0;
  cut = 0;

  constructor(name: string, declared: ReadMetric<never>, parts: InstrumentParts) {
    this.#name = name;
    this.#declared = declared;
    this.#parts = parts;
    const { description, unit } = declared;
    this.#observable = parts.meter?.createObservableGauge(name, { description, unit });
    if (this.#observable !== undefined) readObservables.add(this.#observable);
    const { mirror } = parts;
    this.#rows = mirror && new ShownRows(
      mirror,
      describe(name, declared, parts, 1),
      declared.maxAttributeSets,
    );
  }

  /** Nothing but what is read is recorded. */
  record(_value: number, _attributes: EventAttributes | undefined): void {}

  startAtZero(): void {}

  begin(): void {
    this.#observable?.addCallback(this.#observe);
    const rows = this.#rows;
    if (rows === undefined) return;
    this.#refreshes ??= this.#parts.mirror?.onRefresh(() => rows.show(this.#readOrNothing()));
  }

  end(): void {
    this.#observable?.removeCallback(this.#observe);
    this.#refreshes?.[Symbol.dispose]();
    this.#refreshes = undefined;
  }

  flush(): void {}

  collect(): Steps<CollectedMetric> {
    return this.#toMetric(this.#readOrNothing());
  }

  #readOrNothing(): readonly ReadSeries[] {
    try {
      return this.#read();
    } catch {
      // It has been counted and reported: this metric alone is left out.
      return [];
    }
  }

  readonly #observe = (
    result: { observe(value: number, attributes: Attributes): void },
  ): void => {
    const invalidBefore = this.invalid;
    let series: readonly ReadSeries[] = [];
    let isWhole = true;
    try {
      series = this.#read();
      isWhole = this.invalid === invalidBefore;
    } catch {
      // It has been counted and reported.
      isWhole = false;
    }
    const observed = new Set<string>();
    for (const { value, attributes } of series) {
      result.observe(value, attributes);
      observed.add(keyOf(attributes));
    }
    // A series that has gone for good would make every sum with it NaN, for the meter keeps it.
    if (!isWhole || observablesWithoutNaN.has(this.#observable as Observable)) {
      for (const attributes of this.#shown) {
        if (!observed.has(keyOf(attributes))) result.observe(NaN, attributes);
      }
    }
    this.#shown = series.map(({ attributes }) => attributes);
    this.#parts.onObserved();
  };

  /** @throws {unknown} what could not be read, after it has been counted and reported */
  #read(): readonly ReadSeries[] {
    try {
      return this.#toSeries(this.#declared.read());
    } catch (error) {
      this.failedReads++;
      this.#parts.onFailedRead(this.#name, error);
      throw error;
    }
  }

  #toSeries(reading: Reading): readonly ReadSeries[] {
    const { onProblem } = this.#parts;
    const sets = new AttributeSets<ReadSeries>(
      this.#declared.maxAttributeSets,
      (attributes) => ({ attributes, value: NaN }),
      (problem) => {
        const seen = problem === "cut" ? this.cut : this.overflowed;
        if (seen === 0) onProblem(this.#name, problem);
      },
    );
    for (const { value, attributes } of measurementsOf(reading)) {
      if (Number.isFinite(value)) sets.seriesOf(attributes).value = value;
      else if (this.invalid++ === 0) onProblem(this.#name, "invalid");
    }
    this.overflowed += sets.overflowed;
    this.cut += sets.cut;
    return sets.series;
  }

  *#toMetric(series: readonly ReadSeries[]): Steps<CollectedMetric> {
    const { description, unit } = this.#declared;
    const points: NumberPoint[] = [];
    for (let i = 0; i < series.length; i++) {
      const { attributes, value } = series[i] as ReadSeries;
      points.push({ attributes, value });
      if (i % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
    }
    const { startTimeMs } = this.#parts;
    return { name: this.#name, kind: "gauge", description, unit, startTimeMs, points };
  }
}

function measurementsOf(reading: Reading): Iterable<Measurement> {
  if (reading === undefined) return [];
  if (typeof reading === "number") return [{ value: reading }];
  // A text is a list of its characters.
  const iterates =
    typeof (reading as Partial<Iterable<Measurement>> | null)?.[Symbol.iterator] === "function";
  if (!iterates || typeof reading === "string") {
    // What it rejects with would end the process.
    Promise.resolve(reading).catch(() => {});
    const rule = "must return a number, measurements or undefined";
    throw new TypeError(`read ${rule}, received ${format(reading)}`);
  }
  return reading;
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1));
}
