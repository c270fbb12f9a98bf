import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Steps } from "../../internal/slices.ts";
import type { Attributes, Meter } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import { IdleSeries } from "./idle_series.ts";
import { Cells, type CellsCopy } from "./cells.ts";
import { type Instrument, type InstrumentParts, mirrorOf, POINTS_PER_STEP } from "./instrument.ts";
import type { InstrumentMirror } from "./mirror.ts";
import { type CollectedMetric, type NumberPoint, NumberSeries, ReportedSeries } from "./series.ts";
import { ShownSeries } from "./shown_series.ts";

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
  readonly #mirror: InstrumentMirror | undefined;
  /** Whether series are noted that get a value. */
  readonly #touches: boolean;
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
    this.#mirror = meter === undefined ? mirrorOf(name, declared, parts, 1) : undefined;
    this.#touches = meter !== undefined || this.#mirror !== undefined;
    const Series = meter === undefined ? NumberSeries : ReportedSeries;
    this.#sets = new AttributeSets(
      declared.maxAttributeSets,
      this.#mirror === undefined
        ? (attributes) => new Series(attributes, this.#cells.take())
        : this.#makeShown(this.#mirror),
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
    if (this.#touches) this.#touch(series);
  }

  #touch(series: NumberSeries): void {
    if (this.#mirror !== undefined) {
      const { mirrored } = series as ShownSeries;
      if (!mirrored.dirty) this.#mirror.touch(mirrored);
      return;
    }
    const reported = series as ReportedSeries;
    if (reported.dirty) return;
    reported.dirty = true;
    if (this.#dirty.push(reported) === 1) this.#parts.onTouched(this);
  }

  #makeShown(mirror: InstrumentMirror) {
    return (attributes: Attributes, isOverflow: boolean): ShownSeries | undefined => {
      const place = this.#cells.take();
      const mirrored = mirror.add(attributes, place, isOverflow);
      if (mirrored !== undefined) return new ShownSeries(attributes, place, mirrored);
      this.#cells.giveBack();
      return undefined;
    };
  }

  get expired(): number {
    return this.#idle?.expired ?? 0;
  }

  startAtZero(attributes: EventAttributes): void {
    if (this.#isGauge) return;
    const series = this.#sets.seriesOf(attributes);
    this.#idle?.keep(series);
    if (this.#touches) this.#touch(series);
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

/** A meter keeps its series, and so does what is shown to others. */
function createIdle(
  { maxIdleMs }: DeclaredInstrument,
  { meter, mirror, now }: InstrumentParts,
): IdleSeries<NumberSeries> | undefined {
  return maxIdleMs === undefined || meter !== undefined || mirror !== undefined
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
