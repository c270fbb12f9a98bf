import type { DeclaredInstrument, InstrumentKind } from "../../catalog/metric.ts";
import type { Attributes } from "../otel_api.ts";
import type { Place } from "./cells.ts";
import type { Exemplar } from "./series.ts";

/** How the values that several threads have of one series become one. */
export type Combine = NonNullable<DeclaredInstrument["combine"]>;

/** What a mirror is told of an instrument. */
export interface MirroredInstrument {
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly description: string;
  readonly unit: string;
  /** How the values of several threads become one. */
  readonly combine: Combine;
  /** When its sums begin, in milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** The buckets' upper bounds; none but of a histogram. */
  readonly bounds: readonly number[];
  /** How many numbers each of its series has. */
  readonly numbers: number;
}

/** What a mirror knows a series by. */
export interface MirroredSeries {
  /** Whether it is noted for the end of the slice. */
  dirty: boolean;
  /** The first of its numbers that is noted then, of a histogram's buckets. */
  readonly from: number;
  /** The one behind the last. */
  readonly to: number;
}

/** Where an instrument's numbers stand for others. */
export interface InstrumentMirror {
  /**
   * Takes a series in.
   *
   * @returns `undefined` if there is no room, for others than the overflow's
   */
  add(attributes: Attributes, place: Place, isOverflow: boolean): MirroredSeries | undefined;
  /** Notes that a series has changed; called once until it is clean again. */
  touch(series: MirroredSeries): void;
  /** Notes that a bucket of a histogram has changed, with its count and its sum. */
  touchBucket(series: MirroredSeries, bucket: number): void;
  /** Notes the newest exemplar of a bucket of a histogram. */
  setExemplar(series: MirroredSeries, bucket: number, exemplar: Exemplar): void;
}

/** Shows the numbers of instruments to others, as they are at the end of a slice. */
export interface MetricsMirror {
  /** Takes an instrument in. */
  add(instrument: MirroredInstrument): InstrumentMirror;
  /** Shows what has changed; called at the end of each slice. */
  endSlice(): void;
  /** Has something called before what is read, rather than counted, is shown. */
  onRefresh(refresh: () => void): Disposable;
}

/** The option that a mirror is handed on by, to those who make a `MetricsSubscriber`. */
export const MIRROR = Symbol("mirror");

/** Options that may have a mirror. */
export interface WithMirror {
  readonly [MIRROR]?: MetricsMirror | undefined;
}
