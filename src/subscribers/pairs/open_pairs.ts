import type { OperationId } from "../../catalog/declaration.ts";
import type { BusEvent } from "../../events/event.ts";
import { boundedId } from "./bounded_id.ts";
import type { OpenPairsLimits } from "./limits.ts";

/** The options of {@linkcode OpenPairs}. */
export interface OpenPairsOptions<Start> extends OpenPairsLimits {
  /** Called with each start that expires. It must not throw. Default: none. */
  readonly onExpire?: (start: Start) => void;
}

/** Counts of starts and ends. */
export interface OpenPairsStats {
  /** Starts waiting for their end. */
  readonly open: number;
  /** Starts that expired, because there were too many or they waited too long. */
  readonly expired: number;
  /** Ends without a start, or whose start had expired. */
  readonly orphaned: number;
}

/** A key; a number and the string of its digits are different keys. */
export type PairKey = string | number;

/** When those were opened that have it: all since one reading of the clock, at the next one. */
interface Stamp {
  /** As `OpenPairs` measures time. */
  atMs: number;
}

interface Entry<Start> {
  readonly lane: PairLane;
  readonly key: PairKey;
  readonly start: Start;
  readonly stamp: Stamp;
  /** Its neighbours in the order of opening. */
  older: Entry<Start> | undefined;
  newer: Entry<Start> | undefined;
  /** The next one of the same key. */
  next: Entry<Start> | undefined;
  /** The last one of the same key; right only in the first one. */
  last: Entry<Start>;
}

/**
 * Where {@linkcode OpenPairs} stores starts by key. The keys of different lanes are independent,
 * while the limits apply to all lanes together. A `Map` can be used as a lane.
 */
export interface PairLane {
  /** Returns what was set for a key, or `undefined`. */
  get(key: PairKey): unknown;
  /** Stores a value that only `OpenPairs` uses. */
  set(key: PairKey, entry: unknown): unknown;
  /** Removes a key. */
  delete(key: PairKey): unknown;
}

/**
 * Matches ends with the starts that wait for them, by key.
 *
 * - Several starts of one key are matched oldest first.
 * - Memory is bounded by count and by age. Starts that expire are counted and passed to `onExpire`.
 * - Age is measured by the clock whose readings `OpenPairs.expire` is given, from the first of them
 *   after a start was opened: opening reads no clock, and what starts say about their own time does
 *   not matter. Where that clock jumps back, no time has passed.
 * - Each operation takes constant time, on average.
 *
 * @typeParam Start What stands for each start; anything but `undefined`.
 */
export class OpenPairs<Start> {
  readonly #maxOpenPairs: number;
  readonly #maxPairAgeMs: number;
  readonly #onExpire: ((start: Start) => void) | undefined;
  readonly #lane: PairLane = new Map();
  #oldest: Entry<Start> | undefined;
  #newest: Entry<Start> | undefined;
  /** That of the next reading, and how many open ones have it. */
  #stamp: Stamp = { atMs: 0 };
  #unstamped = 0;
  /** The sum of the clock's steps forward, and its last reading. */
  #elapsedMs = 0;
  #readMs = Infinity;
  #open = 0;
  #expired = 0;
  #orphaned = 0;

  /** Creates an empty set of pairs. */
  constructor({ maxOpenPairs, maxPairAgeMs, onExpire }: OpenPairsOptions<Start>) {
    this.#maxOpenPairs = maxOpenPairs;
    this.#maxPairAgeMs = maxPairAgeMs;
    this.#onExpire = onExpire;
  }

  /** A copy of the counts. */
  stats(): OpenPairsStats {
    return { open: this.#open, expired: this.#expired, orphaned: this.#orphaned };
  }

  /** How many starts have expired. */
  get expired(): number {
    return this.#expired;
  }

  /** Whether a start is open that no reading of the clock has been given for. */
  get hasUnstamped(): boolean {
    return this.#unstamped > 0;
  }

  /** How long the oldest start may still wait, as of the last `expire`; `Infinity` without one. */
  get oldestDueInMs(): number {
    if (this.#oldest === undefined) return Infinity;
    const { stamp } = this.#oldest;
    if (stamp === this.#stamp) return this.#maxPairAgeMs;
    return stamp.atMs + this.#maxPairAgeMs - this.#elapsedMs;
  }

  /**
   * Stores a start until its end arrives. If there are too many, the oldest expires first.
   *
   * @param lane where the key is looked for; default: the lane of all who name none
   * @returns whether another start of this key is open
   */
  open(key: PairKey, start: Start, lane: PairLane = this.#lane): boolean {
    if (this.#open >= this.#maxOpenPairs) this.#expireOldest();
    const entry: Entry<Start> = {
      lane,
      key,
      start,
      stamp: this.#stamp,
      older: this.#newest,
      newer: undefined,
      next: undefined,
      last: undefined as never,
    };
    entry.last = entry;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#unstamped++;
    this.#open++;
    const first = firstIn<Start>(lane, key);
    if (first === undefined) {
      lane.set(key, entry);
      return false;
    }
    first.last.next = entry;
    first.last = entry;
    return true;
  }

  /** The start that `OpenPairs.close` would give; it stays open. */
  peek(key: PairKey, lane: PairLane = this.#lane): Start | undefined {
    return firstIn<Start>(lane, key)?.start;
  }

  /** Removes and returns the oldest start of a key; if there is none, counts an orphaned end. */
  close(key: PairKey, lane: PairLane = this.#lane): Start | undefined {
    const entry = firstIn<Start>(lane, key);
    if (entry === undefined) {
      this.#orphaned++;
      return undefined;
    }
    this.#remove(entry);
    return entry.start;
  }

  /** Expires the starts that have waited too long. @param nowMs by any one clock */
  expire(nowMs: number): void {
    if (nowMs > this.#readMs) this.#elapsedMs += nowMs - this.#readMs;
    this.#readMs = nowMs;
    if (this.#unstamped > 0) {
      this.#stamp.atMs = this.#elapsedMs;
      this.#stamp = { atMs: 0 };
      this.#unstamped = 0;
    }
    while (this.oldestDueInMs < 0) this.#expireOldest();
  }

  /** Expires all starts. */
  expireAll(): void {
    while (this.#oldest !== undefined) this.#expireOldest();
  }

  #expireOldest(): void {
    const entry = this.#oldest;
    if (entry === undefined) return;
    this.#remove(entry);
    this.#expired++;
    this.#onExpire?.(entry.start);
  }

  /**
   * Only the first one of a key is ever removed: the oldest of all is the oldest of its key too.
   */
  #remove(entry: Entry<Start>): void {
    const { lane, key, stamp, older, newer, next } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (stamp === this.#stamp) this.#unstamped--;
    if (next === undefined) {
      lane.delete(key);
    } else {
      next.last = entry.last;
      lane.set(key, next);
    }
    this.#open--;
  }
}

function firstIn<Start>(lane: PairLane, key: PairKey): Entry<Start> | undefined {
  return lane.get(key) as Entry<Start> | undefined;
}

/** An event's operation id, of bounded length; `undefined` if it has none, which `""` means too. */
export function operationIdOf(
  declared: { readonly operationId: (event: BusEvent) => OperationId },
  event: BusEvent,
): OperationId {
  const id: OperationId | null = declared.operationId(event);
  return id === "" || id === null ? undefined : boundedId(id);
}

/**
 * Returns the key of a start and its end. Two keys are equal only if the start type, the session
 * and the operation are.
 *
 * @param start the type that begins the operation, for both events
 * @param operationId as `operationIdOf` gives it
 */
export function pairKey(start: string, event: BusEvent, operationId: OperationId): string {
  const sessionId = boundedId(event.sessionId);
  // The lengths keep two different triples from reading the same.
  const key = `${start.length}:${sessionId.length}:${start}${sessionId}`;
  return operationId === undefined ? key : `${key}:${operationId}`;
}
