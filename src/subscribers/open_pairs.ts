import type { BusEvent } from "../events/event.ts";

/** How many starts may wait for their ends unless told otherwise. */
export const DEFAULT_MAX_OPEN_PAIRS = 10_000;

/** How long a start may wait for its end unless told otherwise: ten minutes. */
export const DEFAULT_MAX_PAIR_AGE_MS = 600_000;

/** The limits of {@linkcode OpenPairs}. */
export interface OpenPairsOptions<Start> {
  /**
   * How many starts may wait; one more and the oldest expires. An integer of at least 1. Default:
   * {@linkcode DEFAULT_MAX_OPEN_PAIRS}.
   */
  readonly maxOpen?: number;
  /** How long a start may wait, in milliseconds, above 0. Default: {@linkcode DEFAULT_MAX_PAIR_AGE_MS}. */
  readonly maxAgeMs?: number;
  /** Takes each start that expires. It must not throw. Default: none. */
  readonly onExpire?: (start: Start) => void;
}

/** What became of the starts and ends. */
export interface OpenPairsCounts {
  /** Starts that wait for their end. */
  readonly open: number;
  /** Starts given up, because there were too many or they waited too long. */
  readonly expired: number;
  /** Ends that came without a start, or after it had expired. */
  readonly orphaned: number;
}

/** What may be a key: strings and numbers, told apart. */
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
 * Where {@linkcode OpenPairs} keeps starts by key. Several lanes have keys apart from each other,
 * within the same bounds. A `Map` of its own is one.
 */
export interface PairLane {
  /** What was set for a key, `undefined` if nothing was. */
  get(key: PairKey): unknown;
  /** Keeps something, which is for `OpenPairs` alone. */
  set(key: PairKey, kept: unknown): unknown;
  /** Forgets a key. */
  delete(key: PairKey): unknown;
}

/**
 * Starts that wait for their ends, found by key.
 *
 * - Several starts of one key are matched oldest first.
 * - Memory is bounded by count and by age; who is given up is counted, and handed to `onExpire`.
 * - Age is measured on the starts' own timestamps, when {@linkcode OpenPairs.expire} is called:
 *   there are no timers. Starts are given up in the order in which they were opened, so that one
 *   stamped in the future keeps those behind it until it is due itself, or until there are too many.
 * - Each operation takes constant time, on average.
 *
 * @example
 * ```ts
 * import { OpenPairs } from "@busbar/busbar/subscribers";
 *
 * const pairs = new OpenPairs<{ timestamp: number }>({ maxAgeMs: 1_000 });
 * pairs.open("read 7", { timestamp: 100 });
 * const start = pairs.close("read 7");
 * if (start?.timestamp !== 100 || pairs.close("read 7") !== undefined) throw new Error("no pair");
 * ```
 *
 * @typeParam Start What is kept of a start, with its timestamp in milliseconds since the epoch.
 */
export class OpenPairs<Start extends { readonly timestamp: number }> {
  readonly #maxOpen: number;
  readonly #maxAgeMs: number;
  readonly #onExpire: ((start: Start) => void) | undefined;
  readonly #lane: PairLane = new Map();
  #oldest: Entry<Start> | undefined;
  #newest: Entry<Start> | undefined;
  #open = 0;
  #expired = 0;
  #orphaned = 0;

  /**
   * Starts with nothing open.
   *
   * @throws {RangeError} if a limit is out of range
   */
  constructor(options: OpenPairsOptions<Start> = {}) {
    const { maxOpen = DEFAULT_MAX_OPEN_PAIRS, maxAgeMs = DEFAULT_MAX_PAIR_AGE_MS } = options;
    if (!Number.isInteger(maxOpen) || maxOpen < 1) {
      throw new RangeError(
        `Cannot create OpenPairs: maxOpen must be a positive integer, received ${maxOpen}`,
      );
    }
    if (!(maxAgeMs > 0)) {
      throw new RangeError(
        `Cannot create OpenPairs: maxAgeMs must be a number above 0, received ${maxAgeMs}`,
      );
    }
    this.#maxOpen = maxOpen;
    this.#maxAgeMs = maxAgeMs;
    this.#onExpire = options.onExpire;
  }

  /** What became of the starts and ends so far. */
  get counts(): OpenPairsCounts {
    return { open: this.#open, expired: this.#expired, orphaned: this.#orphaned };
  }

  /**
   * Keeps a start until its end comes. If there are too many, the oldest expires first.
   *
   * @param lane where the key is looked for; default: the lane of all who name none
   */
  open(key: PairKey, start: Start, lane: PairLane = this.#lane): void {
    if (this.#open >= this.#maxOpen) this.#expireOldest();
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

  /** The start that {@linkcode OpenPairs.close} would give; it stays open. */
  peek(key: PairKey, lane: PairLane = this.#lane): Start | undefined {
    return firstIn<Start>(lane, key)?.start;
  }

  /** Gives the oldest start of a key and forgets it; without one, an orphaned end is counted. */
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
   * Gives up the starts that have waited too long.
   *
   * @param now in milliseconds since the epoch, by the clock of the starts' timestamps; `Infinity`
   * gives up all of them
   */
  expire(now: number): void {
    const before = now - this.#maxAgeMs;
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

  /** Only the first one of a key is ever removed: the oldest of all is the oldest of its key too. */
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
 * A key of a start and its end: equal for the same start type, session and operation, and for
 * nothing else.
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
