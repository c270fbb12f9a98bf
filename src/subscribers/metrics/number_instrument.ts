import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Steps } from "../../internal/slices.ts";
import type { Meter } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import { IdleSeries } from "./idle_series.ts";
import { Cells, type CellsCopy } from "./cells.ts";
import { type Instrument, type InstrumentParts, POINTS_PER_STEP } from "./instrument.ts";
import { type CollectedMetric, type NumberPoint, NumberSeries, ReportedSeries } from "./series.ts";

/** The instrument of a meter that sums are reported to. */
interface MeterInstrument {
  report(value: number, attributes: NumberSeries["attributes"]): void;
}

/** A counter, an up-down counter or a gauge. */
export class NumberInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: DeclaredInstrument;
  readonly #parts: InstrumentParts;
  #cells = new Cells(1);
  readonly #sets: AttributeSets<NumberSeries>;
  readonly #meterInstrument: MeterInstrument | undefined;
  readonly #dirty: ReportedSeries[] = [];
  readonly #isGauge: boolean;
  readonly #lowest: number;
  readonly #idle: IdleSeries<NumberSeries> | undefined;
  readonly failedReads = 0;
  invalid = 0;

  constructor(name: string, declared: DeclaredInstrument, parts: InstrumentParts) {
    this.#name = name;
    this.#declared = declared;
    this.#parts = parts;
    this.#isGauge = declared.kind === "gauge";
    this.#lowest = declared.kind === "counter" ? 0 : -Infinity;
    const { meter, onProblem } = parts;
    this.#meterInstrument = meter && createMeterInstrument(name, declared, meter);
    this.#idle = createIdle(declared, parts);
    const Series = meter === undefined ? NumberSeries : ReportedSeries;
    this.#sets = new AttributeSets(
      declared.maxAttributeSets,
      (attributes) => new Series(attributes, this.#cells.take()),
      (problem) => onProblem(name, problem),
    );
  }

  get overflowed(): number {
    return this.#sets.overflowed;
  }

  get cut(): number {
    return this.#sets.cut;
  }

  record(value: number, attributes: EventAttributes | undefined): void {
    if (!Number.isFinite(value) || value < this.#lowest) {
      if (this.invalid++ === 0) this.#parts.onProblem(this.#name, "invalid");
      return;
    }
    const series = this.#sets.seriesOf(attributes);
    if (this.#isGauge) series.value = value;
    else series.value += value;
    this.#idle?.touch(series);
    if (this.#meterInstrument !== undefined) this.#touch(series as ReportedSeries);
  }

  #touch(series: ReportedSeries): void {
    if (series.dirty) return;
    series.dirty = true;
    if (this.#dirty.push(series) === 1) this.#parts.onTouched(this);
  }

  get expired(): number {
    return this.#idle?.expired ?? 0;
  }

  startAtZero(attributes: EventAttributes): void {
    if (this.#isGauge) return;
    const series = this.#sets.seriesOf(attributes);
    this.#idle?.keep(series);
    if (this.#meterInstrument !== undefined) this.#touch(series as ReportedSeries);
  }

  begin(): void {}

  end(): void {}

  flush(): void {
    for (const series of this.#dirty.splice(0)) {
      series.dirty = false;
      this.#meterInstrument?.report(
        this.#isGauge ? series.value : series.value - series.reported,
        series.attributes,
      );
      series.reported = series.value;
    }
  }

  collect(): Steps<CollectedMetric> {
    if (this.#idle !== undefined) this.#expire(this.#idle);
    const { series } = this.#sets;
    return this.#toMetric(series, series.length, this.#cells.copy());
  }

  #expire(idle: IdleSeries<NumberSeries>): void {
    const expired = idle.takeExpired();
    if (expired.size === 0) return;
    this.#sets.remove(expired);
    const cells = new Cells(1);
    for (const series of this.#sets.series) series.moveTo(cells.take());
    this.#cells = cells;
  }

  *#toMetric(
    all: readonly NumberSeries[],
    size: number,
    copy: CellsCopy,
  ): Steps<CollectedMetric> {
    const { kind, description, unit } = this.#declared;
    const points: NumberPoint[] = [];
    for (let i = 0; i < size; i++) {
      const { cells, offset } = copy.next();
      const series = all[i] as NumberSeries;
      const { attributes } = series;
      const value = cells[offset] as number;
      const startTimeMs = this.#idle?.beganMs(series);
      points.push(
        startTimeMs === undefined ? { attributes, value } : { attributes, value, startTimeMs },
      );
      if (i % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
    }
    return {
      name: this.#name,
      kind: kind as "counter",
      description,
      unit,
      startTimeMs: this.#parts.startTimeMs,
      points,
    };
  }
}

/** A meter keeps its series. */
function createIdle(
  { maxIdleMs }: DeclaredInstrument,
  { meter, now }: InstrumentParts,
): IdleSeries<NumberSeries> | undefined {
  return maxIdleMs === undefined || meter !== undefined
    ? undefined
    : new IdleSeries(maxIdleMs, now);
}

function createMeterInstrument(
  name: string,
  { kind, description, unit }: DeclaredInstrument,
  meter: Meter,
): MeterInstrument {
  const options = { description, unit };
  if (kind === "gauge") {
    const gauge = meter.createGauge(name, options);
    return { report: (value, attributes) => gauge.record(value, attributes) };
  }
  const sum = kind === "counter"
    ? meter.createCounter(name, options)
    : meter.createUpDownCounter(name, options);
  return { report: (value, attributes) => sum.add(value, attributes) };
}
