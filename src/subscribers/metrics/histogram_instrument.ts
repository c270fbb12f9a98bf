import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Meter } from "../otel_api.ts";
import type { TraceContext } from "../trace_context.ts";
import { AttributeSets } from "./attribute_sets.ts";
import type { Instrument } from "./instrument.ts";
import { type CollectedMetric, HistogramSeries, type NumberSeries } from "./series.ts";

/** A histogram. */
export class HistogramInstrument implements Instrument {
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
    context?: TraceContext,
    timestampMs = 0,
  ): void {
    if (!Number.isFinite(value)) {
      this.invalid++;
      return;
    }
    const series = this.#sets.seriesOf(attributes);
    if (this.#meterHistogram !== undefined) {
      // A meter takes no distributions: values are recorded one by one.
      this.#meterHistogram.record(value, series.attributes);
      return;
    }
    const bucket = series.record(value);
    if (context !== undefined && (context.traceFlags & 1) === 1) {
      const { traceId, spanId } = context;
      series.setExemplar(bucket, { value, timestampMs, traceId, spanId });
    }
  }

  startAtZero(): void {
    if (this.#meterHistogram === undefined) this.#sets.seriesOf();
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
      points: this.#sets.series.map((series) => ({
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
