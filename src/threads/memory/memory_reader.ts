import type { MirroredInstrument } from "../../subscribers/metrics/mirror.ts";
import { numbersOf } from "../../subscribers/metrics/histogram_series.ts";
import type { Attributes } from "../../subscribers/otel_api.ts";
import {
  cellsOf,
  COMBINATIONS,
  EXEMPLAR_NUMBERS,
  HEADER,
  type InstrumentLine,
  KINDS,
  SERIES_START,
  type SeriesLine,
} from "./format.ts";
import type { ThreadMemory } from "./thread_memory.ts";

/** How often a series is read again that was written meanwhile: each time is some nanoseconds. */
const MAX_ATTEMPTS = 100;
/** How much text is decoded at once. */
const TEXT_STEP_BYTES = 2 ** 14;
/** How many numbers of one histogram are believed. */
const MAX_BOUNDS = 10_000;
const LINE_END = 10;

/** A series, as its thread announced it. */
export interface ReadSeriesLine {
  readonly instrument: MirroredInstrument;
  readonly base: number;
  readonly attributes: Attributes;
  /** Tells it apart from others of its instrument. */
  readonly key: string;
  /** Where its exemplars begin, once there are any. */
  exemplars: number | undefined;
}

/** Whether a stamp is of a slice that is written as a whole. */
function counts(stamp: number, committed: number): boolean {
  return stamp !== 0 && (committed - stamp | 0) >= 0;
}

/**
 * Reads the numbers of a series, as they were at the end of a slice.
 *
 * @param into where they are written to, from 0 on
 * @returns whether there are any: a series may just have been announced
 */
export function readSeries(
  { int32, float64 }: Pick<ThreadMemory, "int32" | "float64">,
  base: number,
  numbers: number,
  into: { [index: number]: number },
): boolean {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const committed = Atomics.load(int32, HEADER.committed);
    const first = Atomics.load(int32, 2 * base);
    const second = Atomics.load(int32, 2 * base + 1);
    const isFirst = counts(first, committed);
    const isSecond = counts(second, committed);
    if (!isFirst && !isSecond) {
      // Nothing yet; or both were written since COMMITTED was read.
      if (first === 0 || second === 0) return false;
      continue;
    }
    const copy = isFirst && isSecond ? Number((second - first | 0) > 0) : Number(isSecond);
    const from = base + 1 + copy * numbers;
    for (let i = 0; i < numbers; i++) into[i] = float64[from + i] as number;
    if (Atomics.load(int32, HEADER.committed) === committed) return true;
    // Slices have been written meanwhile: the older copy says whether with this series.
    const other = copy === 0 ? second : first;
    const isOlder = isFirst && isSecond || other === 0;
    if (isOlder && Atomics.load(int32, 2 * base + 1 - copy) === other) return true;
  }
  return false;
}

/**
 * Reads what a thread announced in its memory: each line once, a step at a time. What makes no sense is
 * left out: the memory may be anybody's.
 */
export class MemoryReader {
  readonly memory: ThreadMemory;
  readonly series: ReadSeriesLine[] = [];
  readonly #instruments: MirroredInstrument[] = [];
  readonly #decoder = new TextDecoder();
  readonly #bytes: Uint8Array;
  readonly #cellsLimit: number;
  /** By where they begin. */
  readonly #histograms = new Map<number, ReadSeriesLine>();
  #textEnd: number;
  /** Behind the last series that was announced. */
  cellsEnd: number = SERIES_START;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
    this.#bytes = memory.text;
    this.#textEnd = memory.int32[HEADER.textStart] as number;
    this.#cellsLimit = this.#textEnd / 8;
  }

  /** Reads some lines that came since. @returns whether there may be more */
  readLines(): boolean {
    const written = Atomics.load(this.memory.int32, HEADER.textEnd);
    const end = Math.min(written, this.#bytes.length, this.#textEnd + TEXT_STEP_BYTES);
    if (end <= this.#textEnd) return false;
    // Of a line that is longer than a step, all of it is taken.
    let lineEnd = this.#bytes.lastIndexOf(LINE_END, end - 1);
    if (lineEnd < this.#textEnd) lineEnd = this.#bytes.indexOf(LINE_END, end);
    if (lineEnd < this.#textEnd || lineEnd >= written) return false;
    // A copy: not every decoder takes shared memory.
    const text = this.#decoder.decode(this.#bytes.slice(this.#textEnd, lineEnd));
    this.#textEnd = lineEnd + 1;
    for (const line of text.split("\n")) this.#take(line);
    return this.#textEnd < written;
  }

  #take(line: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return;
    }
    if (!Array.isArray(parsed)) return;
    if (typeof parsed[1] === "string") this.#takeInstrument(parsed as InstrumentLine);
    else this.#takeSeries(parsed as SeriesLine, line);
  }

  #takeInstrument([kind, name, description, unit, combine, startTimeMs, bounds]: InstrumentLine) {
    const checked = Array.isArray(bounds) ? bounds.slice(0, MAX_BOUNDS).map(Number) : [];
    this.#instruments.push({
      name,
      kind: KINDS[kind] ?? "gauge",
      description: String(description),
      unit: String(unit),
      combine: COMBINATIONS[combine] ?? "sum",
      startTimeMs: Number(startTimeMs),
      bounds: checked,
      numbers: KINDS[kind] === "histogram" ? numbersOf(checked) : 1,
    });
  }

  #takeSeries([index, base, attributes]: SeriesLine, line: string): void {
    const instrument = this.#instruments[index];
    if (instrument === undefined || !Number.isInteger(base) || base < SERIES_START) return;
    if (typeof attributes === "number") return this.#takeExemplars(attributes, base);
    if (base + cellsOf(instrument.numbers) > this.#cellsLimit) return;
    if (typeof attributes !== "object" || attributes === null) return;
    const key = keyOf(attributes as Attributes, line);
    const series: ReadSeriesLine = {
      instrument,
      base,
      attributes: attributes as Attributes,
      key,
      exemplars: undefined,
    };
    this.series.push(series);
    this.cellsEnd = Math.max(this.cellsEnd, base + cellsOf(instrument.numbers));
    if (instrument.kind === "histogram") this.#histograms.set(base, series);
  }

  #takeExemplars(of: number, base: number): void {
    const series = this.#histograms.get(of);
    if (series === undefined) return;
    const end = base + cellsOf(exemplarNumbersOf(series.instrument));
    if (end <= this.#cellsLimit) series.exemplars = base;
  }
}

/** How many numbers the exemplars of a histogram take. */
export function exemplarNumbersOf({ bounds }: MirroredInstrument): number {
  return (bounds.length + 1) * EXEMPLAR_NUMBERS;
}

/** The text of attributes, whatever the order of their names. */
function keyOf(attributes: Attributes, line: string): string {
  const names = Object.keys(attributes);
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] as string) > (names[i] as string)) {
      return JSON.stringify(Object.fromEntries(
        names.sort().map((name) => [name, attributes[name]]),
      ));
    }
  }
  // As it stands in the line: behind the second comma, without the bracket at the end.
  return line.slice(line.indexOf(",", line.indexOf(",") + 1) + 1, -1);
}
