import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Meter } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import type { Instrument } from "./instrument.ts";
import { type CollectedMetric, NumberSeries } from "./series.ts";

/** The instrument of a meter that sums are reported to. */
interface MeterInstrument {
  report(value: number, attributes: NumberSeries["attributes"]): void;
}

/** A counter, an up-down counter or a gauge. */
export class NumberInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: DeclaredInstrument;
  readonly #startTimeMs: number;
  readonly #sets: AttributeSets<NumberSeries>;
  readonly #meterInstrument: MeterInstrument | undefined;
  readonly #dirty: NumberSeries[] = [];
  readonly #isGauge: boolean;
  readonly #lowest: number;
  invalid = 0;

  constructor(
    name: string,
    declared: DeclaredInstrument,
    meter: Meter | undefined,
    startTimeMs: number,
  ) {
    this.#name = name;
    this.#declared = declared;
    this.#startTimeMs = startTimeMs;
    this.#isGauge = declared.kind === "gauge";
    this.#lowest = declared.kind === "counter" ? 0 : -Infinity;
    this.#sets = new AttributeSets(
      declared.maxAttributeSets,
      (attributes) => new NumberSeries(attributes),
    );
    this.#meterInstrument = meter && createMeterInstrument(name, declared, meter);
  }

  get overflowed(): number {
    return this.#sets.overflowed;
  }

  record(value: number, attributes: EventAttributes | undefined): void {
    if (!Number.isFinite(value) || value < this.#lowest) {
      this.invalid++;
      return;
    }
    const series = this.#sets.seriesOf(attributes);
    if (this.#isGauge) series.value = value;
    else series.value += value;
    if (this.#meterInstrument !== undefined && !series.dirty) {
      series.dirty = true;
      this.#dirty.push(series);
    }
  }

  startAtZero(): void {
    if (!this.#isGauge) this.record(0, undefined);
  }

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

  collect(): CollectedMetric {
    const { kind, description, unit } = this.#declared;
    return {
      name: this.#name,
      kind: kind as "counter",
      description,
      unit,
      startTimeMs: this.#startTimeMs,
      points: this.#sets.series.map(({ attributes, value }) => ({ attributes, value })),
    };
  }
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
