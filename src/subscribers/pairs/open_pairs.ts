import type { BusEvent } from "../../events/event.ts";
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

interface Entry<Start> {
  readonly lane: PairLane;
  readonly key: PairKey;
  readonly start: Start;
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
 * - Age is measured on the starts' own timestamps, when `OpenPairs.expire` is called:
 *   there are no timers. Starts expire in the order in which they were opened, so one with a
 *   timestamp in the future delays those behind it until it expires itself, or there are too many.
 * - Each operation takes constant time, on average.
 *
 * @typeParam Start What stands for each start; its `timestamp` is in milliseconds since the epoch.
 */
export class OpenPairs<Start extends { readonly timestamp: number }> {
  readonly #maxOpenPairs: number;
  readonly #maxPairAgeMs: number;
  readonly #onExpire: ((start: Start) => void) | undefined;
  readonly #lane: PairLane = new Map();
  #oldest: Entry<Start> | undefined;
  #newest: Entry<Start> | undefined;
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

  /**
   * Stores a start until its end arrives. If there are too many, the oldest expires first.
   *
   * @param lane where the key is looked for; default: the lane of all who name none
   */
  open(key: PairKey, start: Start, lane: PairLane = this.#lane): void {
    if (this.#open >= this.#maxOpenPairs) this.#expireOldest();
    const entry: Entry<Start> = {
      lane,
      key,
      start,
      older: this.#newest,
      newer: undefined,
      next: undefined,
      last: undefined as never,
    };
    entry.last = entry;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    const first = firstIn<Start>(lane, key);
    if (first === undefined) {
      lane.set(key, entry);
    } else {
      first.last.next = entry;
      first.last = entry;
    }
    this.#open++;
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

  /**
   * Expires the starts that have waited too long.
   *
   * @param now in milliseconds since the epoch, by the clock of the starts' timestamps; `Infinity`
   * expires all of them
   */
  expire(now: number): void {
    const before = now - this.#maxPairAgeMs;
    while (this.#oldest !== undefined && this.#oldest.start.timestamp < before) {
      this.#expireOldest();
    }
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
    const { lane, key, older, newer, next } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
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

/**
 * Returns the key of a start and its end. Two keys are equal only if the start type, the session
 * and the operation are.
 *
 * @param start the type that begins the operation, for both events
 */
export function pairKey(
  start: string,
  event: BusEvent,
  operationId: string | number | undefined,
): string {
  const { sessionId } = event;
  // The lengths keep two different triples from reading the same.
  const key = `${start.length}:${sessionId.length}:${start}${sessionId}`;
  return operationId === undefined ? key : `${key}:${operationId}`;
}
