import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Steps } from "../../internal/slices.ts";
import type { Attributes, Histogram } from "../otel_api.ts";
import type { TraceContext } from "../trace_context.ts";
import { AttributeSets } from "./attribute_sets.ts";
import { IdleSeries } from "./idle_series.ts";
import { Cells, type CellsCopy } from "./cells.ts";
import { BUCKETS, HistogramSeries, numbersOf } from "./histogram_series.ts";
import { type Instrument, type InstrumentParts, mirrorOf, POINTS_PER_STEP } from "./instrument.ts";
import type { InstrumentMirror } from "./mirror.ts";
import type { CollectedMetric, HistogramPoint } from "./series.ts";

/** A histogram. */
export class HistogramInstrument implements Instrument {
  readonly #name: string;
  readonly #declared: DeclaredInstrument;
  readonly #parts: InstrumentParts;
  #cells: Cells;
  readonly #sets: AttributeSets<HistogramSeries>;
  readonly #meterHistogram: Histogram | undefined;
  readonly #idle: IdleSeries<HistogramSeries> | undefined;
  readonly #mirror: InstrumentMirror | undefined;
  /** What is told of series that get a value. */
  readonly #follower: { touch(series: HistogramSeries, bucket: number): void } | undefined;
  readonly failedReads = 0;
  invalid = 0;

  constructor(name: string, declared: DeclaredInstrument, parts: InstrumentParts) {
    this.#name = name;
    this.#declared = declared;
    this.#parts = parts;
    const { buckets, description, unit, maxAttributeSets, maxIdleMs } = declared;
    // A meter keeps its series, and so does what is shown to others.
    this.#idle = maxIdleMs === undefined || (parts.meter ?? parts.mirror) !== undefined
      ? undefined
      : new IdleSeries(maxIdleMs, parts.now);
    this.#cells = new Cells(numbersOf(buckets));
    const mirror = this.#mirror = parts.meter === undefined
      ? mirrorOf(name, declared, parts, numbersOf(buckets))
      : undefined;
    this.#follower = mirror === undefined ? this.#idle : new ShownTouch(mirror);
    this.#sets = new AttributeSets(
      maxAttributeSets,
      mirror === undefined
        ? (attributes) => new HistogramSeries(attributes, this.#cells.take())
        : this.#makeShown(mirror),
      (problem) => parts.onProblem(name, problem),
    );
    this.#meterHistogram = parts.meter?.createHistogram(name, {
      description,
      unit,
      advice: { explicitBucketBoundaries: [...buckets] },
    });
  }

  get overflowed(): number {
    return this.#sets.overflowed;
  }

  get cut(): number {
    return this.#sets.cut;
  }

  record(
    value: number,
    attributes: EventAttributes | undefined,
    context?: TraceContext,
    timestampMs = 0,
  ): void {
    if (!Number.isFinite(value)) {
      if (this.invalid++ === 0) this.#parts.onProblem(this.#name, "invalid");
      return;
    }
    const series = this.#sets.seriesOf(attributes);
    if (this.#meterHistogram !== undefined) {
      // A meter takes no distributions: values are recorded one by one.
      this.#meterHistogram.record(value, series.attributes);
      return;
    }
    const { buckets } = this.#declared;
    const bucket = series.record(value, buckets);
    this.#follower?.touch(series, bucket);
    if (context !== undefined && (context.traceFlags & 1) === 1) {
      const { traceId, spanId } = context;
      const exemplar = { value, timestampMs, traceId, spanId };
      series.setExemplar(bucket, buckets.length + 1, exemplar);
      if (series.mirrored !== undefined) {
        this.#mirror?.setExemplar(series.mirrored, bucket, exemplar);
      }
    }
  }

  #makeShown(mirror: InstrumentMirror) {
    return (attributes: Attributes, isOverflow: boolean): HistogramSeries | undefined => {
      const place = this.#cells.take();
      const mirrored = mirror.add(attributes, place, isOverflow);
      if (mirrored !== undefined) return new HistogramSeries(attributes, place, mirrored);
      this.#cells.giveBack();
      return undefined;
    };
  }

  get expired(): number {
    return this.#idle?.expired ?? 0;
  }

  startAtZero(attributes: EventAttributes): void {
    if (this.#meterHistogram !== undefined) return;
    const series = this.#sets.seriesOf(attributes);
    this.#idle?.keep(series);
  }

  begin(): void {}

  end(): void {}

  flush(): void {}

  collect(): Steps<CollectedMetric> {
    if (this.#idle !== undefined) this.#expire(this.#idle);
    const { series } = this.#sets;
    return this.#toMetric(series, series.length, this.#cells.copy());
  }

  #expire(idle: IdleSeries<HistogramSeries>): void {
    const expired = idle.takeExpired();
    if (expired.size === 0) return;
    const { buckets } = this.#declared;
    this.#sets.remove(expired);
    const cells = new Cells(numbersOf(buckets));
    for (const series of this.#sets.series) series.moveTo(cells.take(), buckets);
    this.#cells = cells;
  }

  *#toMetric(
    all: readonly HistogramSeries[],
    size: number,
    copy: CellsCopy,
  ): Steps<CollectedMetric> {
    const { description, unit, buckets } = this.#declared;
    const points: HistogramPoint[] = [];
    for (let i = 0; i < size; i++) {
      const series = all[i] as HistogramSeries;
      const point = series.toPoint(copy.next(), buckets);
      const startTimeMs = this.#idle?.beganMs(series);
      points.push(startTimeMs === undefined ? point : { ...point, startTimeMs });
      if (i % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
    }
    return {
      name: this.#name,
      kind: "histogram",
      description,
      unit,
      startTimeMs: this.#parts.startTimeMs,
      points,
    };
  }
}

/** Has others shown what gets a value. */
class ShownTouch {
  readonly #mirror: InstrumentMirror;

  constructor(mirror: InstrumentMirror) {
    this.#mirror = mirror;
  }

  touch({ mirrored }: HistogramSeries, bucket: number): void {
    if (mirrored === undefined) return;
    const at = BUCKETS + bucket;
    // Most values of a slice come to buckets that are noted.
    if (mirrored.dirty && at >= mirrored.from && at < mirrored.to) return;
    this.#mirror.touchBucket(mirrored, bucket);
  }
}
