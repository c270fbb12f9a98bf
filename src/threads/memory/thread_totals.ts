import type { Steps } from "../../internal/slices.ts";
import type { MirroredInstrument } from "../../subscribers/metrics/mirror.ts";
import type { CollectedMetric, Exemplar } from "../../subscribers/metrics/series.ts";
import type { Attributes } from "../../subscribers/otel_api.ts";
import { cellsOf } from "./format.ts";
import {
  addLedger,
  createLedger,
  foldCountOfAll,
  foldedOf,
  ledgerOf,
  type ThreadLedger,
  toLedger,
} from "./ledger.ts";
import { mergeExemplars } from "./exemplars.ts";
import {
  exemplarNumbersOf,
  MemoryReader,
  readSeries,
  type ReadSeriesLine,
} from "./memory_reader.ts";
import type { ThreadMemory } from "./thread_memory.ts";
import { addPoint, pointOf } from "./total_points.ts";

/** The attribute of gauges that each thread has for itself. */
export const THREAD_NAME = "thread.name";
/** How many series are read between two looks at the clock. */
const SERIES_PER_STEP = 64;
/** How often a sum is made anew that a fold came into. */
const MAX_ATTEMPTS = 10;

/** What is known of a thread. */
export interface Member {
  /** Its memory. */
  readonly memory: ThreadMemory;
  /** Its name, which no other has. */
  readonly name: string;
  /** Whether its event loop turns; `"dead"` is for ever. */
  readonly state: "alive" | "hung" | "dead";
}

/** A series of the sum. */
export interface TotalSeries {
  readonly attributes: Attributes;
  /** Where its numbers begin. */
  readonly offset: number;
}

/** A metric of the sum. */
export interface TotalMetric {
  readonly instrument: MirroredInstrument;
  readonly byKey: Map<string, TotalSeries>;
  startTimeMs: number;
}

/** A memory, and to which series of the sum its own belong. */
interface Source {
  readonly reader: MemoryReader;
  readonly targets: (TotalSeries | undefined)[];
}

/** The newest exemplar of each bucket, by where their histograms begin. */
type Exemplars = Map<number, (Exemplar | undefined)[]>;

/** What is taken off from what threads have counted, because it has been pushed. */
export interface Deductions {
  /** Whether something is taken off from the numbers of a metric. */
  deducts(metric: Pick<MirroredInstrument, "name" | "kind">): boolean;
  /** Whether something is taken off from the ledgers. */
  readonly deductsLedger: boolean;
  /**
   * What is taken off from the numbers in a memory; `undefined` if those are left out.
   *
   * @param cellsEnd where its series end that are known
   */
  of(memory: ThreadMemory, cellsEnd: number): Deduction | undefined;
}

/** What is taken off from the numbers of one memory. */
export interface Deduction {
  /** Takes it off from a series. @returns whether that has been pushed before */
  deduct(instrument: MirroredInstrument, base: number, read: number[]): boolean;
  /** Takes it off from the ledger. */
  deductLedger(ledger: number[]): void;
}

/** What is being summed. */
interface Sums {
  readonly numbers: Float64Array;
  readonly exemplars: Exemplars;
  /** Where those of the sum begin that have never been pushed, of those that are taken off from. */
  readonly fresh: Set<number>;
  readonly ledger: ThreadLedger;
  readonly deductions: Deductions | undefined;
}

/** What all threads have counted. */
export interface Totals {
  readonly metrics: CollectedMetric[];
  readonly ledger: ThreadLedger;
  /** Memories whose numbers are in another one by now. */
  readonly folded: ReadonlySet<string>;
  /** How many threads have another catalog: they are not in the sum. */
  readonly others: number;
}

/**
 * Sums what the memories of threads say. It asks nobody and waits for nobody. What is counted stays in
 * the sum, whatever becomes of its thread; gauges and up-down counters are of those that live.
 */
export class ThreadTotals {
  readonly #catalogHash: string;
  readonly #sources = new Map<string, Source>();
  readonly #metrics = new Map<string, TotalMetric>();
  /** How many numbers the sum has. */
  #numbers = 0;

  /** @param catalogHash of those that are summed */
  constructor(catalogHash: string) {
    this.#catalogHash = catalogHash;
  }

  /** What the threads have counted by now; with deductions, what has come since it was pushed. */
  *collect(members: () => readonly Member[], deductions?: Deductions): Steps<Totals> {
    for (let attempt = 1;; attempt++) {
      const all = members();
      const same = all.filter(({ memory }) => memory.catalogHash === this.#catalogHash);
      for (const { memory, name } of same) yield* this.#readLines(memory, name);
      const memories = same.map(({ memory }) => memory);
      const foldCount = foldCountOfAll(memories);
      const folded = foldedOf(memories);
      const counted = same.filter(({ memory }) => !folded.has(memory.incarnation));
      const sums: Sums = {
        numbers: new Float64Array(this.#numbers),
        exemplars: new Map(),
        fresh: new Set(),
        ledger: createLedger(),
        deductions,
      };
      for (const member of counted) yield* this.#add(member, sums);
      // What was folded meanwhile would be in it twice, or not at all.
      const isSame = foldCountOfAll(memories) === foldCount;
      if (!isSame && attempt < MAX_ATTEMPTS) continue;
      this.#forget(all);
      const metrics = yield* this.#toMetrics(sums);
      return { metrics, ledger: sums.ledger, folded, others: all.length - same.length };
    }
  }

  /** Forgets the memories that nobody knows any more. */
  #forget(all: readonly Member[]): void {
    const known = new Set(all.map(({ memory }) => memory.incarnation));
    for (const incarnation of this.#sources.keys()) {
      if (!known.has(incarnation)) this.#sources.delete(incarnation);
    }
  }

  *#readLines(memory: ThreadMemory, name: string): Steps<void> {
    let source = this.#sources.get(memory.incarnation);
    if (source === undefined) {
      source = { reader: new MemoryReader(memory), targets: [] };
      this.#sources.set(memory.incarnation, source);
    }
    const { reader, targets } = source;
    for (;;) {
      const hasMore = reader.readLines();
      while (targets.length < reader.series.length) {
        targets.push(this.#targetOf(reader.series[targets.length] as ReadSeriesLine, name));
        if (targets.length % SERIES_PER_STEP === 0) yield;
      }
      if (!hasMore) return;
    }
  }

  #targetOf(line: ReadSeriesLine, thread: string): TotalSeries | undefined {
    const { instrument } = line;
    let metric = this.#metrics.get(instrument.name);
    if (metric === undefined) {
      metric = { instrument, byKey: new Map(), startTimeMs: instrument.startTimeMs };
      this.#metrics.set(instrument.name, metric);
    }
    // Under one name there is one kind of numbers.
    if (!isAlike(metric.instrument, instrument)) return undefined;
    metric.startTimeMs = Math.min(metric.startTimeMs, instrument.startTimeMs);
    const isApart = instrument.kind === "gauge" && instrument.combine === "thread";
    const key = isApart ? `${thread}\n${line.key}` : line.key;
    let series = metric.byKey.get(key);
    if (series === undefined) {
      const attributes = isApart ? { ...line.attributes, [THREAD_NAME]: thread } : line.attributes;
      series = { attributes: Object.freeze(attributes), offset: this.#numbers };
      metric.byKey.set(key, series);
      this.#numbers += 1 + instrument.numbers;
    }
    return series;
  }

  *#add(member: Member, sums: Sums): Steps<void> {
    const { memory, state } = member;
    const { reader, targets } = this.#sources.get(memory.incarnation) as Source;
    const { deductions, exemplars, fresh, numbers } = sums;
    const deduction = deductions?.of(memory, reader.cellsEnd);
    this.#addLedger(member, sums, deduction);
    const read: number[] = [];
    for (let i = 0; i < targets.length; i++) {
      const { base, instrument, exemplars: exemplarsBase } = reader.series[i] as ReadSeriesLine;
      const target = targets[i];
      if (target === undefined || target.offset >= numbers.length) continue;
      const lives = state === "alive" || isCumulative(instrument);
      if (lives && readSeries(memory, base, instrument.numbers, read)) {
        const isDeducted = deductions !== undefined && isCumulative(instrument) &&
          deductions.deducts(instrument);
        if (isDeducted && deduction?.deduct(instrument, base, read) === false) {
          fresh.add(target.offset);
        }
        if (!isDeducted || deduction !== undefined) {
          addPoint(instrument, read, numbers, target.offset);
        }
      }
      if (exemplarsBase !== undefined && deductions === undefined) {
        const read: number[] = [];
        let newest = exemplars.get(target.offset);
        if (newest === undefined) exemplars.set(target.offset, newest = []);
        const isRead = readSeries(memory, exemplarsBase, exemplarNumbersOf(instrument), read);
        if (isRead) mergeExemplars(newest, read);
      }
      if (i % SERIES_PER_STEP === SERIES_PER_STEP - 1) yield;
    }
  }

  #addLedger(member: Member, { ledger, deductions }: Sums, deduction: Deduction | undefined): void {
    const own = ledgerOf(member);
    if (deductions?.deductsLedger) {
      if (deduction === undefined) return;
      const read = Object.values(own);
      deduction.deductLedger(read);
      return addLedger(ledger, toLedger(read));
    }
    addLedger(ledger, own);
  }

  *#toMetrics({ numbers, exemplars, fresh, deductions }: Sums): Steps<CollectedMetric[]> {
    const collected: CollectedMetric[] = [];
    let done = 0;
    for (const { instrument, byKey, startTimeMs } of this.#metrics.values()) {
      const points = [];
      const isDeducted = isCumulative(instrument) && deductions?.deducts(instrument) === true;
      for (const { attributes, offset } of byKey.values()) {
        const isThere = offset < numbers.length && numbers[offset] !== 0;
        // The first number is what was added, or how often.
        const isShown = !isDeducted || numbers[offset + 1] !== 0 || fresh.has(offset);
        if (isThere && isShown) {
          points.push(
            pointOf(instrument, attributes, {
              sums: numbers,
              offset,
              exemplars: exemplars.get(offset),
            }),
          );
        }
        if (++done % SERIES_PER_STEP === 0) yield;
      }
      const { name, kind, description, unit } = instrument;
      // Its points are of its kind.
      collected.push({ name, kind, description, unit, startTimeMs, points } as CollectedMetric);
    }
    return collected;
  }
}

/** Whether its numbers stay when its thread has gone. */
export function isCumulative({ kind }: Pick<MirroredInstrument, "kind">): boolean {
  return kind === "counter" || kind === "histogram";
}

function isAlike(a: MirroredInstrument, b: MirroredInstrument): boolean {
  return a === b || a.kind === b.kind && a.combine === b.combine &&
      cellsOf(a.numbers) === cellsOf(b.numbers) && a.bounds.every((bound, i) =>
        bound === b.bounds[i]
      );
}
