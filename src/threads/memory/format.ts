// What stands where in a thread's shared memory. Processes and files may have it too some day: what is
// known of the format is known here alone.
//
//   header      64 Int32: what it is, whose, how far it is written; the second half is membership's
//   losses      16 Float64, written by publish: what was accepted, and what was lost
//   folded      the incarnations of dead memories whose numbers are in this one
//   cells       series, one behind the other: two stamps, then two copies of its numbers
//   text        lines of JSON, appended: instruments and series by their names
//   sent        what has been pushed of it as deltas, in two copies; see sent_marks.ts
//
// A series is written at a slice's end, into the copy that is the older one, with the slice's stamp.
// Once all series of the slice are written, COMMITTED becomes that stamp, by a store that nothing of the
// slice comes after, and nothing of the next one before. A copy counts if its stamp is not later than
// COMMITTED, so that a thread that ends halfway leaves the slice before. Of two that count, the newer
// one is read: it is written to again only when another slice has been written as a whole, and has
// written the other copy. So a reader who finds COMMITTED as it was has read it untorn, and so has one
// who finds the stamp of the other copy as it was, if that was the older one; any other reads again.

/** `busb`: also tells another order of bytes. */
export const MAGIC = 0x62757362;
/** Changes with the format: another one is not read. */
export const FORMAT_VERSION = 3;

/** The words of the header, as Int32. */
export const HEADER = {
  magic: 0,
  version: 1,
  /** Two words, random. */
  incarnation: 2,
  /** Two words. */
  catalogHash: 4,
  /** The stamp of the last slice that is written as a whole. */
  committed: 6,
  /** How many bytes of text there are. */
  textEnd: 7,
  /** Who folds it, or did: the first word of that one's incarnation, 0 if nobody. */
  foldedBy: 8,
  /** Where the text begins, in bytes. */
  textStart: 9,
  /** Where the text ends at the latest, and what has been sent begins, in Float64. */
  sentStart: 11,
  /** Two words, taken as one of 64 bits: who pushes what the thread has counted, and how far that is. */
  sentState: 12,
  /** 1 if its thread pushes deltas. */
  pushesDeltas: 14,
  /** 1 once what its thread counted shows in another memory: also where no list tells so any more. */
  isFolded: 15,
} as const;

/** Where the words of membership begin, and how many they are. */
export const MEMBERSHIP_START = 32;
export const MEMBERSHIP_WORDS = 32;

/** Where the losses begin, in Float64. */
export const LOSSES_START = 32;

/** What publish writes, from there on, and a stop. */
export const LOSSES = {
  accepted: 0,
  evicted: 1,
  shutdown: 2,
  queueFull: 3,
  stopped: 4,
  reserved: 5,
} as const;
/** How many losses there are. */
export const LOSS_COUNT = 6;

/** Where the list of the folded begins, in Float64: 8 bytes each. */
export const FOLDED_START = 48;
/** How many of the folded are listed, one after another, the oldest overwritten by the newest. */
export const MAX_FOLDED = 4_096;
/** Of those so many count, the newest: one fold may list as many again, and itself, beside them. */
export const LISTED_FOLDED = MAX_FOLDED / 2 - 1;
/** Where the cells begin, in Float64: first the series of what is delivered, a number. */
export const CELLS_START = FOLDED_START + MAX_FOLDED;
export const DELIVERED = CELLS_START;
/** Then that of what was taken over from the dead. */
export const FOLDS_START = DELIVERED + 3;

/** The numbers of what was taken over from the dead. */
export const FOLDS = {
  /** How many have been listed so far. */
  folded: 0,
  /** What was lost with them. */
  threadLost: 1,
  /** What they delivered. */
  delivered: 2,
  /** Their losses, in the order of LOSSES. */
  losses: 3,
} as const;
export const FOLD_NUMBERS = FOLDS.losses + LOSS_COUNT;
/** Where the other series begin. */
export const SERIES_START = FOLDS_START + 1 + 2 * FOLD_NUMBERS;

/** What stands where in a copy of what has been sent, in Float64; then come the series. */
export const SENT = {
  /** Until when it was sent, in milliseconds since the epoch. */
  untilMs: 0,
  /** How many of the list of the folded count where it is true; see FOLDS. */
  folded: 1,
  /** The thread's ledger, with those that it took over. */
  ledger: 2,
} as const;
/** How many numbers of the ledger are noted. */
export const SENT_LEDGER_NUMBERS = 2 + LOSS_COUNT;
const SENT_SERIES = SENT.ledger + SENT_LEDGER_NUMBERS;

/** How many Float64 a copy of what has been sent takes, for so many of cells. */
export function sentCellsOf(cells: number): number {
  return SENT_SERIES + Math.ceil(cells / 2) + 1;
}

/** Where a copy has the numbers of a series, from its beginning on: one copy of them, so half as far. */
export function sentOffsetOf(base: number): number {
  return SENT_SERIES + ((base - SERIES_START) >> 1);
}

/** How many Float64 a series takes. */
export function cellsOf(numbers: number): number {
  return 1 + 2 * numbers;
}

/** A line of text that announces an instrument: its index is how many came before it. */
export type InstrumentLine = [
  kind: number,
  name: string,
  description: string,
  unit: string,
  combine: number,
  startTimeMs: number,
  bounds: readonly number[],
];

/** A line of text that announces a series, or the exemplars of one. */
export type SeriesLine = [
  instrument: number,
  /** Where it begins, in Float64. */
  base: number,
  /** Its attributes; of exemplars, where the series begins that they are of. */
  attributes: Readonly<Record<string, unknown>> | number,
];

/** The numbers of an exemplar, of which each bucket has one: its trace in four, its span in two. */
export const EXEMPLAR = { value: 0, timestampMs: 1, trace: 2, span: 6 } as const;
/** How many they are. */
export const EXEMPLAR_NUMBERS = 8;

/** The kinds of instruments, by their numbers in the text. */
export const KINDS = ["counter", "upDownCounter", "gauge", "histogram"] as const;
/** How the values of several threads are combined, by their numbers in the text. */
export const COMBINATIONS = ["sum", "max", "min", "mean", "thread"] as const;
