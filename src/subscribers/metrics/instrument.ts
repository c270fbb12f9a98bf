import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Meter } from "../otel_api.ts";
import { AttributeSets } from "./attribute_sets.ts";
import {
  type CollectedMetric,
  type ExemplarContext,
  HistogramSeries,
  NumberSeries,
} from "./series.ts";

/** What a declared metric feeds. */
export interface Instrument {
  /** How many values were left out: no finite number, or a counter's below 0. */
  readonly invalid: number;
  /** How many values were put into the overflow series. */
  readonly overflowed: number;
  /** Takes one value. */
  record(
    value: number,
    attributes: EventAttributes | undefined,
    context?: ExemplarContext,
    timestampMs?: number,
  ): void;
  /** Makes the series without attributes exist before anything happened. */
  startAtZero(): void;
  /** Tells a meter what has been added up since the last time. */
  flush(): void;
  /** A copy of all series. */
  collect(): CollectedMetric;
}

interface Told {
  tell(value: number, attributes: NumberSeries["attributes"]): void;
}

/** Makes the instrument of a declaration, which adds up by itself or, with a meter, for it. */
export function createInstrument(
  name: string,
  declared: DeclaredInstrument,
  meter: Meter | undefined,
  startTimeMs: number,
): Instrument {
  return declared.kind === "histogram"
    ? new HistogramInstrument(name, declared, meter, startTimeMs)
    : new NumberInstrument(name, declared, meter, startTimeMs);
}

class NumberInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: DeclaredInstrument;
  readonly #startTimeMs: number;
  readonly #sets: AttributeSets<NumberSeries>;
  readonly #told: Told | undefined;
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
    this.#told = meter && createTold(name, declared, meter);
  }

  get overflowed(): number {
    return this.#sets.overflowed;
  }

  record(value: number, attributes: EventAttributes | undefined): void {
    if (!Number.isFinite(value) || value < this.#lowest) {
      this.invalid++;
      return;
    }
    const series = this.#sets.of(attributes);
    if (this.#isGauge) series.value = value;
    else series.value += value;
    if (this.#told !== undefined && !series.dirty) {
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
      this.#told?.tell(
        this.#isGauge ? series.value : series.value - series.told,
        series.attributes,
      );
      series.told = series.value;
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
      points: this.#sets.cells.map(({ attributes, value }) => ({ attributes, value })),
    };
  }
}

class HistogramInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: DeclaredInstrument;
  readonly #startTimeMs: number;
  readonly #sets: AttributeSets<HistogramSeries>;
  readonly #meterHistogram:
    | { record(value: number, attributes: NumberSeries["attributes"]): void }
    | undefined;
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
    const { buckets, description, unit, maxAttributeSets } = declared;
    this.#sets = new AttributeSets(
      maxAttributeSets,
      (attributes) => new HistogramSeries(attributes, buckets),
    );
    this.#meterHistogram = meter?.createHistogram(name, {
      description,
      unit,
      advice: { explicitBucketBoundaries: [...buckets] },
    });
  }

  get overflowed(): number {
    return this.#sets.overflowed;
  }

  record(
    value: number,
    attributes: EventAttributes | undefined,
    context?: ExemplarContext,
    timestampMs = 0,
  ): void {
    if (!Number.isFinite(value)) {
      this.invalid++;
      return;
    }
    const series = this.#sets.of(attributes);
    if (this.#meterHistogram !== undefined) {
      // There is no way to hand over a distribution: values go one by one.
      this.#meterHistogram.record(value, series.attributes);
      return;
    }
    const bucket = series.record(value);
    if (context !== undefined && (context.traceFlags & 1) === 1) {
      const { traceId, spanId } = context;
      series.keepExemplar(bucket, { value, timestampMs, traceId, spanId });
    }
  }

  startAtZero(): void {
    if (this.#meterHistogram === undefined) this.#sets.of();
  }

  flush(): void {}

  collect(): CollectedMetric {
    const { description, unit, buckets } = this.#declared;
    return {
      name: this.#name,
      kind: "histogram",
      description,
      unit,
      startTimeMs: this.#startTimeMs,
      points: this.#sets.cells.map((series) => ({
        attributes: series.attributes,
        count: series.count,
        sum: series.sum,
        min: series.count === 0 ? undefined : series.min,
        max: series.count === 0 ? undefined : series.max,
        bounds: buckets,
        bucketCounts: [...series.bucketCounts],
        exemplars: series.exemplars?.filter((exemplar) => exemplar !== undefined) ?? [],
      })),
    };
  }
}

function createTold(
  name: string,
  { kind, description, unit }: DeclaredInstrument,
  meter: Meter,
): Told {
  const options = { description, unit };
  if (kind === "gauge") {
    const gauge = meter.createGauge(name, options);
    return { tell: (value, attributes) => gauge.record(value, attributes) };
  }
  const sum = kind === "counter"
    ? meter.createCounter(name, options)
    : meter.createUpDownCounter(name, options);
  return { tell: (value, attributes) => sum.add(value, attributes) };
}
