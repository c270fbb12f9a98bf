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
  FOLD_NUMBERS,
  FOLDS_START,
  HEADER,
  type InstrumentLine,
  KINDS,
  SERIES_START,
  type SeriesLine,
} from "./format.ts";
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

  constructor(
    readonly cells: Float64Array,
    readonly offset: number,
    readonly base: number,
    readonly numbers: number,
  ) {}
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
  readonly #touched: WrittenSeries[] = [];
  readonly #refreshes = new Set<() => void>();
  /** How many events of the thread are delivered, as the next commit says. */
  readonly delivered: Float64Array = new Float64Array(1);
  /** What was taken over from the dead; see `FOLDS`. */
  readonly folds: Float64Array = new Float64Array(FOLD_NUMBERS);
  readonly #delivered: WrittenSeries;
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
    this.#bytes = new Uint8Array(memory.buffer);
    this.#textEnd = memory.int32[HEADER.textStart] as number;
    this.#cellsLimit = this.#textEnd / 8;
    this.#cellsEnd = SERIES_START;
    this.#delivered = new WrittenSeries(this.delivered, 0, DELIVERED, 1);
    this.#folds = new WrittenSeries(this.folds, 0, FOLDS_START, FOLD_NUMBERS);
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
        this.#addSeries([index, 0, attributes], place, numbers, isOverflow),
      touch: (series) => this.touch(series as WrittenSeries),
    };
  }

  onRefresh(refresh: () => void): Disposable {
    this.#refreshes.add(refresh);
    return { [Symbol.dispose]: () => void this.#refreshes.delete(refresh) };
  }

  /** Reads what is read rather than counted. */
  refresh(): void {
    for (const refresh of this.#refreshes) refresh();
  }

  /** Notes a series for the end of the slice. */
  touch(series: WrittenSeries): void {
    if (series.dirty) return;
    series.dirty = true;
    this.#touched.push(series);
  }

  /** Notes what was taken over from the dead. */
  touchFolds(): void {
    this.touch(this.#folds);
  }

  /** Writes what was touched, and what is delivered: others see all of it, or nothing. */
  commit(): void {
    const stamp = this.#stamp = this.#stamp + 1 | 0 || 1;
    if (stamp % SLICES_PER_REWRITE === 0) this.#all.forEach((series) => this.touch(series));
    const touched = this.#touched;
    this.#write(this.#delivered, stamp);
    for (let i = 0; i < touched.length; i++) this.#write(touched[i] as WrittenSeries, stamp);
    touched.length = 0;
    Atomics.store(this.#int32, HEADER.committed, stamp);
  }

  #write(series: WrittenSeries, stamp: number): void {
    const { base, numbers, cells, offset } = series;
    const copy = series.copy = 1 - series.copy;
    Atomics.store(this.#int32, 2 * base + copy, stamp);
    const shared = this.#float64;
    const to = base + 1 + copy * numbers;
    for (let i = 0; i < numbers; i++) shared[to + i] = cells[offset + i] as number;
    series.dirty = false;
  }

  #addSeries(
    line: SeriesLine,
    { cells, offset }: Place,
    numbers: number,
    isOverflow: boolean,
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
    const series = new WrittenSeries(cells, offset, base, numbers);
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
