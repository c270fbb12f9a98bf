import { BUCKETS, COUNT } from "../../subscribers/metrics/histogram_series.ts";
import type { MirroredInstrument } from "../../subscribers/metrics/mirror.ts";
import {
  FOLDS,
  HEADER,
  SENT,
  SENT_LEDGER_NUMBERS,
  sentCellsOf,
  sentOffsetOf,
  SERIES_START,
} from "./format.ts";
import { foldsOf } from "./ledger.ts";
import { type Phase, PHASES, type SentState, SentStateWord, termAfter } from "./sent_state.ts";
import type { ThreadMemory } from "./thread_memory.ts";

// How much of what a thread has counted has been pushed as deltas stands in the thread's own memory, so that
// whoever knows its numbers knows that too, whichever thread has pushed them, and whatever has become of it.
// It stands there twice. Whoever pushes takes hold of the numbers, writes into the other copy what will have been sent,
// says right before the request that it is on the way, and lets the numbers go: with the other copy when the
// request was accepted, with the same one when it was not. Each step is one exchange of one word, which
// fails for who does not hold them any more: a thread that hung, and that another has replaced, sends
// nothing, as it cannot say that it does.

/** Who is asked whether an owner is gone. */
export type IsGone = (owner: number, phase: Phase) => boolean;

/** How much of what a thread has counted has been sent. */
export class SentMarks {
  readonly #memory: ThreadMemory;
  readonly #word: SentStateWord;

  constructor(memory: ThreadMemory) {
    this.#memory = memory;
    this.#word = new SentStateWord(memory);
  }

  /** Until when it was sent, or is on the way, in milliseconds since the epoch; 0 if nothing was. */
  get untilMs(): number {
    const { copy, phase } = this.#word.read();
    const sentMs = this.#untilMsOf(copy);
    return phase === PHASES.sending ? Math.max(sentMs, this.#untilMsOf(other(copy))) : sentMs;
  }

  #untilMsOf(copy: 0 | 1): number {
    return this.#memory.float64[startOf(this.#memory, copy) + SENT.untilMs] as number;
  }

  /**
   * Takes hold of the numbers, so that nobody else pushes them meanwhile.
   *
   * @param owner the first word of the own incarnation
   * @param isGone whether somebody holds them in vain
   * @returns `undefined` if somebody else holds them
   */
  hold(owner: number, isGone: IsGone): HeldNumbers | undefined {
    const state = this.#word.read();
    const { phase, term, copy } = state;
    if (phase !== PHASES.idle && !isGone(state.owner, phase)) return undefined;
    const isInDoubt = phase === PHASES.sending;
    // Who ended amid a fold has shown what it took over, or has not.
    const hasTakenOver = phase === PHASES.folding && this.#showsFold(state);
    const held: SentState = {
      owner: owner >>> 0,
      term: termAfter(term),
      phase: PHASES.preparing,
      // What may have arrived is never sent again.
      copy: isInDoubt || hasTakenOver ? other(copy) : copy,
    };
    return this.#word.replace(state, held)
      ? new HeldNumbers(this.#memory, this.#word, held, isInDoubt)
      : undefined;
  }

  /** Whether it is the thread's own fold, and shows. */
  #showsFold({ owner, copy }: SentState): boolean {
    const { int32, float64 } = this.#memory;
    if ((int32[HEADER.incarnation] as number) >>> 0 !== owner) return false;
    const folded = foldsOf(this.#memory)[FOLDS.folded] as number;
    return folded >= (float64[startOf(this.#memory, other(copy)) + SENT.folded] as number);
  }
}

/** The numbers of a thread in the hands of who pushes them. */
export class HeldNumbers {
  readonly memory: ThreadMemory;
  /** Whether somebody else had them on the way, and has not learned whether they arrived. */
  readonly isInDoubt: boolean;
  /** Whether there is something to send, or to note. */
  hasChanged: boolean;
  readonly #word: SentStateWord;
  #state: SentState;
  /** Where what has been sent begins, and what will have been. */
  readonly #sent: number;
  readonly #next: number;

  constructor(memory: ThreadMemory, word: SentStateWord, state: SentState, isInDoubt: boolean) {
    this.memory = memory;
    this.isInDoubt = this.hasChanged = isInDoubt;
    this.#word = word;
    this.#state = state;
    this.#sent = startOf(memory, state.copy);
    this.#next = startOf(memory, other(state.copy));
  }

  /** Whether nobody has taken them away: it is looked at before each piece of what is written. */
  get isHeld(): boolean {
    const { owner, term } = this.#word.read();
    return owner === this.#state.owner && term === this.#state.term;
  }

  /** Of a series that is in doubt, whether that is so of its numbers. */
  differs(base: number, numbers: number): boolean {
    const { float64 } = this.memory;
    const offset = sentOffsetOf(base);
    for (let i = offset; i < offset + numbers; i++) {
      if (!Object.is(float64[this.#sent + i], float64[this.#next + i])) return true;
    }
    return false;
  }

  /** Begins with what has been sent. @param cellsEnd where the series end that are known */
  prepare(cellsEnd: number): void {
    const { float64 } = this.memory;
    const end = this.#sent + sentOffsetOf(cellsEnd) + 1;
    float64.copyWithin(this.#next, this.#sent, end);
  }

  /** Until when the numbers are that will have been sent, in milliseconds since the epoch. */
  get untilMs(): number {
    return this.memory.float64[this.#sent + SENT.untilMs] as number;
  }

  set untilMs(untilMs: number) {
    this.memory.float64[this.#next + SENT.untilMs] = untilMs;
  }

  /**
   * Takes off what has been sent from the numbers of a series, and notes them.
   *
   * @returns whether the series has been sent before
   */
  deduct(instrument: MirroredInstrument, base: number, read: number[]): boolean {
    const { float64 } = this.memory;
    const { kind, numbers } = instrument;
    const sent = this.#sent + sentOffsetOf(base);
    const next = this.#next + sentOffsetOf(base);
    const isKnown = isNoted(float64[sent] as number);
    const isHistogram = kind === "histogram";
    let isAhead = false;
    for (let i = 0; i < numbers; i++) {
      // The others may fall, as those may that are below 0.
      if (isHistogram && i !== COUNT && i < BUCKETS) continue;
      // A fold notes what has been sent before it shows what has been counted.
      if (!((read[i] as number) >= (float64[sent + i] as number))) isAhead = true;
    }
    const isSame = isKnown && read[0] === float64[sent];
    for (let i = 0; i < numbers; i++) {
      const value = read[i] as number;
      read[i] = isAhead || isSame ? 0 : value - (float64[sent + i] as number);
      if (!isAhead && !isSame) float64[next + i] = value;
    }
    if (isAhead || isSame) return true;
    this.hasChanged = true;
    if (float64[next] === 0) float64[next] = NOTED_ZERO;
    return isKnown;
  }

  /** The same of the thread's ledger, each number for itself. */
  deductLedger(read: number[]): void {
    const { float64 } = this.memory;
    for (let i = 0; i < SENT_LEDGER_NUMBERS; i++) {
      const sent = float64[this.#sent + SENT.ledger + i] as number;
      const value = Math.max(sent, read[i] as number);
      if (value !== sent) this.hasChanged = true;
      float64[this.#next + SENT.ledger + i] = value;
      read[i] = value - sent;
    }
  }

  /**
   * Adds what has been sent of a series to that of another one.
   *
   * @param to where that begins in its memory, and what is added to its numbers
   */
  addTo(
    into: HeldNumbers,
    base: number,
    to: { readonly base: number; readonly read: readonly number[] },
  ): void {
    const from = this.#sent + sentOffsetOf(base);
    const { float64 } = into.memory;
    const first = this.memory.float64[from] as number;
    if (!isNoted(first)) return;
    // Who ended amid a fold has noted more than it has counted.
    const isAhead = first > (to.read[0] as number);
    const next = into.#next + sentOffsetOf(to.base);
    for (let i = 0; i < to.read.length; i++) {
      const sent = this.memory.float64[from + i] as number;
      (float64[next + i] as number) += isAhead ? to.read[i] as number : sent;
    }
    // The sum of two of those is none.
    if (float64[next] === 0) float64[next] = NOTED_ZERO;
  }

  /** Adds what has been sent of the ledger, and until when. */
  addLedgerTo(into: HeldNumbers): void {
    const from = this.#sent + SENT.ledger;
    const to = into.#next + SENT.ledger;
    for (let i = 0; i < SENT_LEDGER_NUMBERS; i++) {
      (into.memory.float64[to + i] as number) += this.memory.float64[from + i] as number;
    }
    into.untilMs = Math.max(into.untilMs, this.untilMs);
  }

  /** Says that they are on the way, right before that is so. @returns whether they may be */
  send(): boolean {
    return this.#change({ phase: PHASES.sending });
  }

  /** Says that they have not arrived, and may be sent again. */
  takeBack(): boolean {
    return this.#change({ phase: PHASES.preparing });
  }

  /** Takes the numbers of one that is dead out of what is pushed, for good. */
  giveAway(): boolean {
    return this.#change({ phase: PHASES.folding });
  }

  /**
   * Has what was prepared be true once what is taken over shows.
   *
   * @param folded how many of the list of the folded count then
   */
  takeOver(folded: number): boolean {
    this.memory.float64[this.#next + SENT.folded] = folded;
    return this.#change({ phase: PHASES.folding });
  }

  /** Lets them go: what was prepared is true. */
  commit(): boolean {
    return this.#change({ phase: PHASES.idle, copy: other(this.#state.copy) });
  }

  /** Lets them go as they are. */
  release(): boolean {
    return this.#change({ phase: PHASES.idle });
  }

  #change(change: Partial<SentState>): boolean {
    const to = { ...this.#state, ...change };
    if (!this.#word.replace(this.#state, to)) return false;
    this.#state = to;
    return true;
  }
}

/** What tells a series that was sent as 0 from one that never was. */
const NOTED_ZERO = -0;

function isNoted(first: number): boolean {
  return first !== 0 || Object.is(first, NOTED_ZERO);
}

function other(copy: 0 | 1): 0 | 1 {
  return copy === 0 ? 1 : 0;
}

function startOf({ int32 }: ThreadMemory, copy: 0 | 1): number {
  const start = int32[HEADER.sentStart] as number;
  const cells = (int32[HEADER.textStart] as number) / 8 - SERIES_START;
  return start + copy * sentCellsOf(cells);
}
