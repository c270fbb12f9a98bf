import { HEADER } from "./format.ts";
import type { ThreadMemory } from "./thread_memory.ts";

/** What is done with the numbers of a thread. */
export const PHASES = {
  /** Nothing: who wants to push them takes hold of them. */
  idle: 0,
  /** Somebody makes deltas of them; nothing has been sent of those. */
  preparing: 1,
  /** Their deltas are on the way: whether they arrive its owner alone will know. */
  sending: 2,
  /** Somebody folds: the numbers of the dead stay held, those of who takes them over as long as it lasts. */
  folding: 3,
} as const;

/** One of them. */
export type Phase = typeof PHASES[keyof typeof PHASES];

/** Who pushes what a thread has counted, and how far that is: all in one word, changed by one exchange. */
export interface SentState {
  /** The first word of the incarnation of who holds the numbers; nobody's where the phase is idle. */
  readonly owner: number;
  /** Changes each time that somebody takes hold of them: who held them before finds that out. */
  readonly term: number;
  readonly phase: Phase;
  /** Which copy says what has been sent. */
  readonly copy: 0 | 1;
}

const OWNER_SHIFT = 32n;
const TERM_SHIFT = 3;
const MAX_TERM = 2 ** 29;

/** The word of a memory that has its state. */
export class SentStateWord {
  readonly #words: BigUint64Array;

  constructor({ buffer }: Pick<ThreadMemory, "buffer">) {
    this.#words = new BigUint64Array(buffer, HEADER.sentState * 4, 1);
  }

  read(): SentState {
    const word = Atomics.load(this.#words, 0);
    const low = Number(BigInt.asUintN(32, word));
    return {
      owner: Number(word >> OWNER_SHIFT),
      term: low >>> TERM_SHIFT,
      phase: (low >> 1 & 3) as Phase,
      copy: (low & 1) as 0 | 1,
    };
  }

  /** Changes it, if it is still `from`. @returns whether that was so */
  replace(from: SentState, to: SentState): boolean {
    const word = pack(from);
    return Atomics.compareExchange(this.#words, 0, word, pack(to)) === word;
  }
}

/** The term after another one. */
export function termAfter(term: number): number {
  return (term + 1) % MAX_TERM;
}

function pack({ owner, term, phase, copy }: SentState): bigint {
  const low = (term << TERM_SHIFT | phase << 1 | copy) >>> 0;
  return BigInt(owner >>> 0) << OWNER_SHIFT | BigInt(low);
}
