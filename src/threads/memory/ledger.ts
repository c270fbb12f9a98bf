import {
  DELIVERED,
  FOLD_NUMBERS,
  FOLDED_START,
  FOLDS,
  FOLDS_START,
  HEADER,
  LISTED_FOLDED,
  LOSSES,
  LOSSES_START,
  MAX_FOLDED,
} from "./format.ts";
import { hexId } from "../../internal/hex_id.ts";
import { readSeries } from "./memory_reader.ts";
import type { ThreadMemory } from "./thread_memory.ts";

/** The loss ledgers of threads, summed. */
export type ThreadLedger = { -readonly [Name in keyof typeof LOSSES]: number } & {
  delivered: number;
  /** What the dead took along: accepted, and neither delivered nor dropped. */
  threadLost: number;
};

/** How the losses are called. */
export const LOSS_NAMES = Object.keys(LOSSES) as readonly (keyof typeof LOSSES)[];

/** One that says nothing. */
export function createLedger(): ThreadLedger {
  return {
    accepted: 0,
    evicted: 0,
    shutdown: 0,
    queueFull: 0,
    stopped: 0,
    reserved: 0,
    delivered: 0,
    threadLost: 0,
  };
}

/** What a thread's memory says itself, without those that it took over. */
export function ownLedger(memory: ThreadMemory): ThreadLedger {
  const ledger = createLedger();
  const delivered = [0];
  // First: what is accepted then is later, and never less.
  readSeries(memory, DELIVERED, 1, delivered);
  ledger.delivered = delivered[0] as number;
  for (const name of LOSS_NAMES) {
    ledger[name] = memory.float64[LOSSES_START + LOSSES[name]] as number;
  }
  return ledger;
}

/** What was accepted, and is neither delivered nor dropped. */
export function pendingOf({ accepted, delivered, evicted, shutdown }: ThreadLedger): number {
  return Math.max(0, accepted - delivered - evicted - shutdown);
}

/** A thread's ledger, with those that it took over. */
export function ledgerOf(
  { memory, state }: { readonly memory: ThreadMemory; readonly state: string },
): ThreadLedger {
  const own = ownLedger(memory);
  if (state === "dead") own.threadLost = pendingOf(own);
  const folds = foldsOf(memory);
  own.threadLost += folds[FOLDS.threadLost] as number;
  own.delivered += folds[FOLDS.delivered] as number;
  for (const name of LOSS_NAMES) own[name] += folds[FOLDS.losses + LOSSES[name]] as number;
  return own;
}

/** Adds a ledger. */
export function addLedger(sum: ThreadLedger, own: ThreadLedger): void {
  for (const name of Object.keys(sum) as (keyof ThreadLedger)[]) sum[name] += own[name];
}

/** The ledger of numbers in the order of its own. */
export function toLedger(numbers: readonly number[]): ThreadLedger {
  const ledger = createLedger();
  Object.keys(ledger).forEach((name, i) => {
    ledger[name as keyof ThreadLedger] = numbers[i] as number;
  });
  return ledger;
}

/** What a memory took over from the dead. */
export function foldsOf(memory: ThreadMemory): number[] {
  const folds = new Array<number>(FOLD_NUMBERS).fill(0);
  readSeries(memory, FOLDS_START, FOLD_NUMBERS, folds);
  return folds;
}

/** How many memories one has taken over so far, and those that these had taken over. */
function foldCountOf(memory: ThreadMemory): number {
  return foldsOf(memory)[FOLDS.folded] as number;
}

/** How many memories have been taken over so far: another number than before if one was meanwhile. */
export function foldCountOfAll(memories: readonly ThreadMemory[]): number {
  return memories.reduce((count, memory) => count + foldCountOf(memory), 0);
}

/** The incarnations of the memories that a memory took over, the newest of them. */
export function foldedIn(memory: ThreadMemory): string[] {
  const count = foldCountOf(memory);
  const words = memory.int32;
  const listed = Math.min(count, LISTED_FOLDED);
  return Array.from({ length: listed }, (_, i) => {
    const at = 2 * (FOLDED_START + (count - listed + i) % MAX_FOLDED);
    return hexId(words[at] as number, words[at + 1] as number);
  });
}

/** The incarnations of the memories whose numbers are in another one. */
export function foldedOf(memories: readonly ThreadMemory[]): ReadonlySet<string> {
  const folded = new Set(memories.flatMap(foldedIn));
  // While the lists tell all, they alone count: who took one over may not be known yet.
  if (memories.every((memory) => foldCountOf(memory) <= LISTED_FOLDED)) return folded;
  for (const { int32, incarnation } of memories) {
    if (Atomics.load(int32, HEADER.isFolded) === 1) folded.add(incarnation);
  }
  return folded;
}
