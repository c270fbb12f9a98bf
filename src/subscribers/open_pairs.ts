import type { BusEvent } from "../events/event.ts";
import type { OperationId } from "../catalog/declaration.ts";

/** How many starts may wait for their end unless told otherwise. */
export const DEFAULT_MAX_OPEN_PAIRS = 10_000;
/** How long a start waits for its end unless told otherwise, in milliseconds. */
export const DEFAULT_MAX_PAIR_AGE_MS = 600_000;

/** The bounds of {@linkcode OpenPairs}. */
export interface OpenPairsOptions<Start> {
  /** How many starts may wait; past it the oldest expires. Default: 10,000. */
  readonly maxOpen?: number;
  /** How long one may wait, in milliseconds. Default: ten minutes. */
  readonly maxAgeMs?: number;
  /** Called with each start that has expired. */
  readonly onExpired?: (start: Start) => void;
}

/** What became of starts and ends. */
export interface PairCounts {
  /** Starts that wait for their end. */
  readonly open: number;
  /** Starts that waited too long, or had to make room. */
  readonly expired: number;
  /** Ends without a start. */
  readonly orphaned: number;
}

/** What a start and its end share. */
export function pairKey({ sessionId }: BusEvent, operationId: OperationId): string {
  if (operationId === undefined) return sessionId;
  // The length keeps a session "a" with operation "b/c" apart from a session "a/b" with "c".
  return typeof operationId === "number"
    ? `${sessionId.length}/${sessionId}#${operationId}`
    : `${sessionId.length}/${sessionId}/${operationId}`;
}

interface Entry<Start> {
  readonly key: string;
  readonly start: Start;
  readonly openedAtMs: number;
  /** The next start of the same key. */
  next: Entry<Start> | undefined;
}

interface Waiting<Start> {
  first: Entry<Start>;
  last: Entry<Start>;
}

/**
 * Starts that wait for their end, bounded in number and age. Several of one key are met by their
 * ends in the order of the starts. It needs no timer: whoever owns it calls
 * {@linkcode OpenPairs.expire}.
 */
export class OpenPairs<Start> {
  readonly #maxOpen: number;
  readonly #maxAgeMs: number;
  readonly #onExpired: ((start: Start) => void) | undefined;
  readonly #byKey = new Map<string, Waiting<Start>>();
  /** In the order of opening, which is nearly that of their times. */
  readonly #entries = new Set<Entry<Start>>();
  #expired = 0;
  #orphaned = 0;

  constructor(options: OpenPairsOptions<Start> = {}) {
    this.#maxOpen = options.maxOpen ?? DEFAULT_MAX_OPEN_PAIRS;
    this.#maxAgeMs = options.maxAgeMs ?? DEFAULT_MAX_PAIR_AGE_MS;
    this.#onExpired = options.onExpired;
  }

  /** Remembers a start. */
  open(key: string, start: Start, openedAtMs: number): void {
    if (this.#entries.size >= this.#maxOpen) this.#expireOldest();
    const entry: Entry<Start> = { key, start, openedAtMs, next: undefined };
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) {
      this.#byKey.set(key, { first: entry, last: entry });
    } else {
      waiting.last.next = entry;
      waiting.last = entry;
    }
    this.#entries.add(entry);
  }

  /** Takes the oldest start of a key; `undefined`, and counted, if there is none. */
  close(key: string): Start | undefined {
    const entry = this.#take(key);
    if (entry === undefined) this.#orphaned++;
    return entry?.start;
  }

  /** The oldest start of a key, which goes on waiting. */
  peek(key: string): Start | undefined {
    return this.#byKey.get(key)?.first.start;
  }

  /** Gives up what has waited too long at `nowMs`. */
  expire(nowMs: number): void {
    for (const { openedAtMs } of this.#entries) {
      if (nowMs - openedAtMs < this.#maxAgeMs) return;
      this.#expireOldest();
    }
  }

  /** Gives up everything. */
  expireAll(): void {
    while (this.#entries.size > 0) this.#expireOldest();
  }

  /** A copy of what became of them. */
  counts(): PairCounts {
    return { open: this.#entries.size, expired: this.#expired, orphaned: this.#orphaned };
  }

  #expireOldest(): void {
    // The oldest of all is the oldest of its key.
    const [oldest] = this.#entries;
    if (oldest === undefined) return;
    this.#take(oldest.key);
    this.#expired++;
    this.#onExpired?.(oldest.start);
  }

  #take(key: string): Entry<Start> | undefined {
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) return undefined;
    const { first } = waiting;
    if (first.next === undefined) this.#byKey.delete(key);
    else waiting.first = first.next;
    this.#entries.delete(first);
    return first;
  }
}
