import { BUCKETS } from "../../subscribers/metrics/histogram_series.ts";
import type { Exemplar } from "../../subscribers/metrics/series.ts";
import type { Place } from "../../subscribers/metrics/cells.ts";
import type {
  InstrumentMirror,
  MetricsMirror,
  MirroredInstrument,
  MirroredSeries,
} from "../../subscribers/metrics/mirror.ts";
import {
  cellsOf,
  COMBINATIONS,
  DELIVERED,
  EXEMPLAR_NUMBERS,
  FOLD_NUMBERS,
  FOLDS_START,
  HEADER,
  type InstrumentLine,
  KINDS,
  SERIES_START,
  type SeriesLine,
} from "./format.ts";
import { writeExemplar } from "./exemplars.ts";
import type { ThreadMemory } from "./thread_memory.ts";

/** After so many slices all series are written again: stamps are compared as 32 bits. */
const SLICES_PER_REWRITE = 2 ** 28;
/** What the line of an overflow series may take. */
const OVERFLOW_LINE_BYTES = 96;

/** A series, and where it is written to. */
export class WrittenSeries implements MirroredSeries {
  dirty = false;
  /** The copy that was written last. */
  copy = 0;
  /** Of the buckets, those that have changed since the last slice: from the first to behind the last. */
  from = 0;
  to = 0;
  /** And those that changed in the last one, which the older copy lacks. */
  lastFrom = 0;
  lastTo: number;
  /** Those of its buckets, once there are any. */
  exemplars: WrittenExemplars | undefined = undefined;

  constructor(
    readonly cells: Float64Array,
    readonly offset: number,
    readonly base: number,
    readonly numbers: number,
    /** How many numbers, from the first on, are written with every slice. */
    readonly head: number,
  ) {
    this.lastTo = numbers;
  }
}

/** The exemplars of a series, and those that the next slice shows. */
interface WrittenExemplars {
  readonly series: WrittenSeries;
  readonly next: Map<number, Exemplar>;
}

/**
 * Writes the series of a thread into its memory, what was touched at the end of a slice. Nobody else
 * writes there.
 */
export class MemoryWriter implements MetricsMirror {
  readonly memory: ThreadMemory;
  readonly #int32: Int32Array;
  readonly #float64: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #all: WrittenSeries[] = [];
  /** Those that were touched; the array is never made shorter, which would have it made anew. */
  readonly #touched: WrittenSeries[] = [];
  #touchedCount = 0;
  readonly #withExemplars: WrittenExemplars[] = [];
  readonly #refreshes = new Set<() => void>();
  /** How many events of the thread are delivered, as the next commit says. */
  readonly delivered: Float64Array = new Float64Array(1);
  /** What was taken over from the dead; see `FOLDS`. */
  readonly folds: Float64Array = new Float64Array(FOLD_NUMBERS);
  #deliveredCopy = 0;
  readonly #folds: WrittenSeries;
  #stamp = 0;
  #instruments = 0;
  #cellsEnd: number;
  readonly #cellsLimit: number;
  #textEnd: number;
  /** What the overflow series may still need. */
  #reservedCells = 0;
  #reservedBytes = 0;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
    this.#int32 = memory.int32;
    this.#float64 = memory.float64;
    this.#bytes = memory.text;
    this.#textEnd = memory.int32[HEADER.textStart] as number;
    this.#cellsLimit = this.#textEnd / 8;
    this.#cellsEnd = SERIES_START;
    this.#folds = new WrittenSeries(this.folds, 0, FOLDS_START, FOLD_NUMBERS, FOLD_NUMBERS);
    this.#all.push(this.#folds);
    this.touchFolds();
    this.commit();
  }

  /** @throws {RangeError} if there is no room for its name and its overflow series */
  add(instrument: MirroredInstrument): InstrumentMirror {
    const { name, kind, description, unit, combine, startTimeMs, bounds, numbers } = instrument;
    const line: InstrumentLine = [
      KINDS.indexOf(kind),
      name,
      description,
      unit,
      COMBINATIONS.indexOf(combine),
      startTimeMs,
      bounds,
    ];
    this.#reservedCells += cellsOf(numbers);
    this.#reservedBytes += OVERFLOW_LINE_BYTES;
    const hasRoom = this.#cellsEnd + this.#reservedCells <= this.#cellsLimit && this.#append(line);
    if (!hasRoom) {
      throw new RangeError(`Cannot share the metric ${name}: the thread's memory is too small`);
    }
    const index = this.#instruments++;
    return {
      add: (attributes, place, isOverflow) =>
        this.#addSeries([index, 0, attributes], place, kind === "histogram" ? BUCKETS : 1, {
          numbers,
          isOverflow,
        }),
      touch: numbers === 1
        ? (series) => {
          if (series.dirty) return;
          series.dirty = true;
          this.#touched[this.#touchedCount++] = series as WrittenSeries;
        }
        : (series) => this.touch(series as WrittenSeries),
      touchBucket: (series, bucket) => {
        const at = BUCKETS + bucket;
        this.#touchRange(series as WrittenSeries, at, at + 1);
      },
      setExemplar: (series, bucket, exemplar) =>
        this.#setExemplar(index, series as WrittenSeries, bucket, exemplar),
    };
  }

  /** Where the next series will begin: what is in use ends there. */
  get cellsEnd(): number {
    return this.#cellsEnd;
  }

  /** Shows the slice; replaced by whoever knows what is delivered with it. */
  endSlice: () => void = () => this.commit();

  onRefresh(refresh: () => void): Disposable {
    this.#refreshes.add(refresh);
    return { [Symbol.dispose]: () => void this.#refreshes.delete(refresh) };
  }

  /** Reads what is read rather than counted. */
  refresh(): void {
    for (const refresh of this.#refreshes) refresh();
  }

  /** Notes a series for the end of the slice, with all its numbers. */
  touch(series: WrittenSeries): void {
    series.from = 0;
    series.to = series.numbers;
    if (series.dirty) return;
    series.dirty = true;
    this.#touched[this.#touchedCount++] = series;
  }

  #touchRange(series: WrittenSeries, from: number, to: number): void {
    if (!series.dirty) {
      series.dirty = true;
      series.from = from;
      series.to = to;
      this.#touched[this.#touchedCount++] = series;
      return;
    }
    if (from < series.from) series.from = from;
    if (to > series.to) series.to = to;
  }

  #setExemplar(index: number, of: WrittenSeries, bucket: number, exemplar: Exemplar): void {
    if (of.exemplars === undefined) {
      const numbers = (of.numbers - BUCKETS) * EXEMPLAR_NUMBERS;
      const place = { cells: new Float64Array(numbers), offset: 0 };
      const series = this.#addSeries([index, 0, of.base], place, 0, { numbers, isOverflow: false });
      // Where there is no room, values have none.
      if (series === undefined) return;
      of.exemplars = { series, next: new Map() };
    }
    const { next } = of.exemplars;
    if (next.size === 0) this.#withExemplars.push(of.exemplars);
    next.set(bucket, exemplar);
  }

  /** Only the newest of each bucket is made numbers of. */
  #writeExemplars(): void {
    for (const { series, next } of this.#withExemplars.splice(0)) {
      for (const [bucket, exemplar] of next) {
        if (!writeExemplar(series.cells, bucket, exemplar)) continue;
        const from = bucket * EXEMPLAR_NUMBERS;
        this.#touchRange(series, from, from + EXEMPLAR_NUMBERS);
      }
      next.clear();
    }
  }

  /** Notes what was taken over from the dead. */
  touchFolds(): void {
    this.touch(this.#folds);
  }

  /** Writes what was touched, and what is delivered: others see all of it, or nothing. */
  commit(): void {
    const stamp = this.#stamp = this.#stamp + 1 | 0 || 1;
    if (stamp % SLICES_PER_REWRITE === 0) this.#all.forEach((series) => this.touch(series));
    if (this.#withExemplars.length > 0) this.#writeExemplars();
    const touched = this.#touched;
    const count = this.#touchedCount;
    const int32 = this.#int32;
    const shared = this.#float64;
    const copy = this.#deliveredCopy = 1 - this.#deliveredCopy;
    int32[2 * DELIVERED + copy] = stamp;
    shared[DELIVERED + 1 + copy] = this.delivered[0] as number;
    for (let i = 0; i < count; i++) {
      const series = touched[i] as WrittenSeries;
      const { base, cells, offset, numbers } = series;
      const copy = series.copy = 1 - series.copy;
      series.dirty = false;
      int32[2 * base + copy] = stamp;
      if (numbers === 1) shared[base + 1 + copy] = cells[offset] as number;
      else writeMany(series, shared, base + 1 + copy * numbers);
    }
    this.#touchedCount = 0;
    // The one word that shows the slice.
    Atomics.store(int32, HEADER.committed, stamp);
  }

  #addSeries(
    line: SeriesLine,
    { cells, offset }: Place,
    head: number,
    { numbers, isOverflow }: { readonly numbers: number; readonly isOverflow: boolean },
  ): WrittenSeries | undefined {
    if (isOverflow) {
      this.#reservedCells -= cellsOf(numbers);
      this.#reservedBytes -= OVERFLOW_LINE_BYTES;
    }
    const base = this.#cellsEnd;
    const end = base + cellsOf(numbers);
    line[1] = base;
    if (end + this.#reservedCells > this.#cellsLimit || !this.#append(line)) return undefined;
    this.#cellsEnd = end;
    const series = new WrittenSeries(cells, offset, base, numbers, head);
    this.#all.push(series);
    this.touch(series);
    return series;
  }

  /** @returns whether there was room */
  #append(line: InstrumentLine | SeriesLine): boolean {
    // Nothing of what was said of a name may be one of a line's end.
    const text = this.#encoder.encode(`${JSON.stringify(line)}\n`);
    const end = this.#textEnd + text.length;
    if (end + this.#reservedBytes > this.#bytes.length) return false;
    this.#bytes.set(text, this.#textEnd);
    this.#textEnd = end;
    Atomics.store(this.#int32, HEADER.textEnd, end);
    return true;
  }
}

/** Writes the numbers of a series into one of its copies: what has changed since that was written. */
function writeMany(series: WrittenSeries, shared: Float64Array, start: number): void {
  const { cells, offset, head, from, to, lastFrom, lastTo } = series;
  if (head === BUCKETS) {
    // Each value changes most of these.
    shared[start] = cells[offset] as number;
    shared[start + 1] = cells[offset + 1] as number;
    shared[start + 2] = cells[offset + 2] as number;
    shared[start + 3] = cells[offset + 3] as number;
  } else {
    for (let i = 0; i < head; i++) shared[start + i] = cells[offset + i] as number;
  }
  // What has changed in this slice, or in the one before.
  for (let i = from; i < to; i++) shared[start + i] = cells[offset + i] as number;
  if (lastFrom === from && lastTo === to) return;
  for (let i = lastFrom; i < lastTo; i++) shared[start + i] = cells[offset + i] as number;
  series.lastFrom = from;
  series.lastTo = to;
}
