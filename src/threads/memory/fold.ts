import type { InstrumentMirror, MirroredInstrument } from "../../subscribers/metrics/mirror.ts";
import { MAX, MIN } from "../../subscribers/metrics/histogram_series.ts";
import { FOLDED_START, FOLDS, HEADER, LOSSES, MAX_FOLDED } from "./format.ts";
import { foldedIn, foldsOf, LOSS_NAMES, ownLedger, pendingOf } from "./ledger.ts";
import type { Steps } from "../../internal/slices.ts";
import { SentMarks } from "./sent_marks.ts";
import { PHASES } from "./sent_state.ts";
import { MemoryReader, readSeries } from "./memory_reader.ts";
import type { MemoryWriter, WrittenSeries } from "./memory_writer.ts";
import type { ThreadMemory } from "./thread_memory.ts";
import { isCumulative } from "./thread_totals.ts";

/** A series that numbers of the dead are in. */
interface Inherited {
  readonly numbers: Float64Array;
  readonly series: WrittenSeries;
}

type IsGone = (firstWord: number) => boolean;

/** What shows what a thread has written. */
export interface Shower {
  /** Whether it cannot now, as an event has reached some of its handlers. */
  readonly isAmidEvent: boolean;
  commit(): void;
}

/** What is added to a series of those that take over. */
interface Addition {
  readonly instrument: MirroredInstrument;
  readonly inherited: Inherited;
  readonly read: readonly number[];
  /** Where the dead has it. */
  readonly base: number;
}

/** How many series are read between two looks at the clock. */
const SERIES_PER_STEP = 64;

/**
 * Takes over into a thread's memory what dead ones have counted. It shows with one commit, all at once
 * and together with their incarnations: until then a reader counts the dead memory, from then on this
 * one. What has been pushed of it is taken over with it.
 */
export class Folder {
  readonly #writer: MemoryWriter;
  readonly #shower: Shower;
  readonly #mirrors = new Map<string, InstrumentMirror>();
  readonly #inherited = new Map<string, Inherited>();
  #folded = 0;

  /** @param shower shows what is written. Default: the writer, at any time */
  constructor(
    writer: MemoryWriter,
    shower: Shower = { isAmidEvent: false, commit: () => writer.commit() },
  ) {
    this.#writer = writer;
    this.#shower = shower;
  }

  /**
   * @param isGone whether a thread has ended that was taking it over, by its memory's first word
   * @returns whether it was taken over: another may be doing so, or there may be no room
   */
  *fold(dead: ThreadMemory, isGone: IsGone = () => false): Steps<boolean> {
    const own = this.#writer.memory;
    const list = [dead.incarnation, ...foldedIn(dead)];
    if (dead.incarnation === own.incarnation) return false;
    const ownWord = own.int32[HEADER.incarnation] as number;
    const former = Atomics.load(dead.int32, HEADER.foldedBy);
    if (former !== 0 && !isGone(former >>> 0)) return false;
    if (Atomics.compareExchange(dead.int32, HEADER.foldedBy, former, ownWord) !== former) {
      return false;
    }
    const stamp = Atomics.load(dead.int32, HEADER.committed);
    const additions = yield* this.#prepare(dead);
    // It may run, though it was taken for dead.
    const isSame = Atomics.load(dead.int32, HEADER.committed) === stamp;
    if (additions !== undefined && isSame && this.#add(dead, additions, { list, isGone })) {
      Atomics.store(dead.int32, HEADER.isFolded, 1);
      return true;
    }
    Atomics.store(dead.int32, HEADER.foldedBy, 0);
    return false;
  }

  /** In one piece: whoever ends amid it leaves nothing that counts twice. */
  #add(
    dead: ThreadMemory,
    additions: readonly Addition[],
    { list, isGone }: { readonly list: readonly string[]; readonly isGone: IsGone },
  ): boolean {
    if (this.#shower.isAmidEvent) return false;
    const { memory } = this.#writer;
    const owner = memory.int32[HEADER.incarnation] as number;
    // What was on the way is for who pushes: it is in doubt.
    const theirs = new SentMarks(dead).hold(
      owner,
      (firstWord, phase) => phase === PHASES.folding && isGone(firstWord),
    );
    const ours = theirs && new SentMarks(memory).hold(owner, () => false);
    if (theirs === undefined || ours === undefined) {
      // Somebody pushes it.
      theirs?.release();
      return false;
    }
    ours.prepare(this.#writer.cellsEnd);
    for (const { base, inherited, read } of additions) {
      theirs.addTo(ours, base, { base: inherited.series.base, read });
    }
    theirs.addLedgerTo(ours);
    // In this order: who ends between them leaves the dead as it was.
    if (!theirs.giveAway() || !ours.takeOver(this.#folded + list.length)) {
      theirs.release();
      ours.release();
      return false;
    }
    for (const { instrument, inherited, read } of additions) {
      addNumbers(instrument, inherited.numbers, read);
      this.#writer.touch(inherited.series);
    }
    this.#addLedger(dead);
    for (const incarnation of list) this.#note(incarnation);
    this.#writer.folds[FOLDS.folded] = this.#folded;
    this.#writer.touchFolds();
    this.#shower.commit();
    ours.commit();
    return true;
  }

  /** What is to be added, once there is room for all of it; `undefined` if there is none. */
  *#prepare(dead: ThreadMemory): Steps<Addition[] | undefined> {
    const reader = new MemoryReader(dead);
    while (reader.readLines()) yield;
    const additions: Addition[] = [];
    let done = 0;
    for (const { instrument, base, attributes, key } of reader.series) {
      if (++done % SERIES_PER_STEP === 0) yield;
      const read: number[] = [];
      if (!isCumulative(instrument)) continue;
      if (!readSeries(dead, base, instrument.numbers, read)) continue;
      const inherited = this.#inheritedOf(instrument, attributes, key);
      if (inherited === undefined) return undefined;
      additions.push({ instrument, inherited, read, base });
    }
    return additions;
  }

  #inheritedOf(
    instrument: MirroredInstrument,
    attributes: Parameters<InstrumentMirror["add"]>[0],
    key: string,
  ): Inherited | undefined {
    const name = `${instrument.name}\n${key}`;
    const known = this.#inherited.get(name);
    if (known !== undefined) return known;
    const cells = new Float64Array(instrument.numbers);
    if (instrument.kind === "histogram") {
      cells[MIN] = Infinity;
      cells[MAX] = -Infinity;
    }
    try {
      let mirror = this.#mirrors.get(instrument.name);
      if (mirror === undefined) {
        mirror = this.#writer.add(instrument);
        this.#mirrors.set(instrument.name, mirror);
      }
      const series = mirror.add(attributes, { cells, offset: 0 }, false);
      if (series === undefined) return undefined;
      const inherited = { numbers: cells, series: series as WrittenSeries };
      this.#inherited.set(name, inherited);
      return inherited;
    } catch {
      // There is no room for the instrument's name.
      return undefined;
    }
  }

  #addLedger(dead: ThreadMemory): void {
    const { folds } = this.#writer;
    const own = ownLedger(dead);
    const before = foldsOf(dead);
    const add = (at: number, count: number) => {
      (folds[at] as number) += count + (before[at] as number);
    };
    add(FOLDS.threadLost, pendingOf(own));
    add(FOLDS.delivered, own.delivered);
    for (const name of LOSS_NAMES) add(FOLDS.losses + LOSSES[name], own[name]);
  }

  #note(incarnation: string): void {
    const words = this.#writer.memory.int32;
    const at = 2 * (FOLDED_START + this.#folded++ % MAX_FOLDED);
    words[at] = Number.parseInt(incarnation.slice(0, 8), 16);
    words[at + 1] = Number.parseInt(incarnation.slice(8), 16);
  }
}

function addNumbers(
  { kind, numbers }: MirroredInstrument,
  to: Float64Array,
  from: readonly number[],
): void {
  for (let i = 0; i < numbers; i++) {
    const isExtreme = kind === "histogram" && (i === MIN || i === MAX);
    if (!isExtreme) (to[i] as number) += from[i] as number;
  }
  if (kind !== "histogram") return;
  to[MIN] = Math.min(to[MIN] as number, from[MIN] as number);
  to[MAX] = Math.max(to[MAX] as number, from[MAX] as number);
}
