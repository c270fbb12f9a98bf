import type { OperationId } from "../../catalog/declaration.ts";
import type { BusEvent } from "../../events/event.ts";
import { boundedId } from "./bounded_id.ts";
import type { OpenPairsLimits } from "./limits.ts";
import { type Keyed, PairLane } from "./pair_lane.ts";
import { PairsGroup, type Stamp } from "./pairs_group.ts";

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

/** A start that waits. */
interface Entry<Start> extends Keyed {
  readonly lane: OpenPairsLane<Start>;
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
 * Where {@linkcode OpenPairs} stores starts by their keys. The keys of different lanes are
 * independent, while the limits apply to all lanes together.
 */
export type OpenPairsLane<Start> = PairLane<Entry<Start>>;

/**
 * Matches ends with the starts that wait for them, by session and operation: their key.
 *
 * - Several starts of one key are matched oldest first.
 * - Memory is bounded by count and by age. Starts that expire are counted and passed to `onExpire`.
 * - Age is measured by the clock whose readings `OpenPairs.expire` (or the group) is given, from the first of them
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
  readonly #group: PairsGroup;
  readonly #lane: OpenPairsLane<Start> = new PairLane();
  #oldest: Entry<Start> | undefined;
  #newest: Entry<Start> | undefined;
  #open = 0;
  #expired = 0;
  #orphaned = 0;

  /** Creates an empty set of pairs. @param group those whose readings they share; default: none */
  constructor(
    { maxOpenPairs, maxPairAgeMs, onExpire }: OpenPairsOptions<Start>,
    group: PairsGroup = new PairsGroup(),
  ) {
    this.#group = group;
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

  /** How long the oldest start may still wait, as of the last `expire`; `Infinity` without one. */
  get oldestDueInMs(): number {
    if (this.#oldest === undefined) return Infinity;
    const { stamp } = this.#oldest;
    const group = this.#group;
    if (stamp === group.stamp) return this.#maxPairAgeMs;
    return stamp.atMs + this.#maxPairAgeMs - group.elapsedMs;
  }

  /**
   * Stores a start until its end arrives. If there are too many, the oldest expires first.
   *
   * @param sessionId `""` for none; as `boundedId` gives it
   * @param operationId as `operationIdOf` gives it
   * @param lane where the key is looked for; default: the lane of all who name none
   * @returns whether another start of this key is open
   */
  open(
    sessionId: string,
    operationId: string,
    start: Start,
    lane: OpenPairsLane<Start> = this.#lane,
  ): boolean {
    if (this.#open >= this.#maxOpenPairs) this.#expireOldest();
    const group = this.#group;
    const entry: Entry<Start> = {
      sessionId,
      operationId,
      lane,
      start,
      stamp: group.stamp,
      older: this.#newest,
      newer: undefined,
      next: undefined,
      last: undefined as never,
    };
    entry.last = entry;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    group.unstamped++;
    group.open++;
    this.#open++;
    const first = lane.add(entry);
    if (first === undefined) return false;
    first.last.next = entry;
    first.last = entry;
    return true;
  }

  /** The start that `OpenPairs.close` would give; it stays open. */
  peek(sessionId: string, operationId: string, lane = this.#lane): Start | undefined {
    return lane.get(sessionId, operationId)?.start;
  }

  /** Removes and returns the oldest start of a key; if there is none, counts an orphaned end. */
  close(sessionId: string, operationId: string, lane = this.#lane): Start | undefined {
    const entry = lane.get(sessionId, operationId);
    if (entry === undefined) {
      this.#orphaned++;
      return undefined;
    }
    this.#remove(entry);
    return entry.start;
  }

  /**
   * Removes and returns the starts of a session, whatever their operation; those of one operation in
   * their order, up to one that is not to go.
   */
  closeSession(sessionId: string, goes: (start: Start) => boolean, lane = this.#lane): Start[] {
    const starts: Start[] = [];
    for (const first of lane.ofSession(sessionId)) {
      let entry: Entry<Start> | undefined = first;
      for (; entry !== undefined && goes(entry.start); entry = entry.next) {
        this.#remove(entry);
        starts.push(entry.start);
      }
    }
    return starts;
  }

  /** Expires the starts that have waited too long. @param nowMs by any one clock */
  expire(nowMs: number): void {
    this.#group.read(nowMs);
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
    this.#group.expired++;
    this.#onExpire?.(entry.start);
  }

  /**
   * Only the first one of a key is ever removed: the oldest of all is the oldest of its key too.
   */
  #remove(entry: Entry<Start>): void {
    const { lane, stamp, older, newer, next } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    const group = this.#group;
    if (stamp === group.stamp) group.unstamped--;
    group.open--;
    if (next === undefined) {
      lane.remove(entry);
    } else {
      next.last = entry.last;
      lane.replace(next);
    }
    this.#open--;
  }
}

/**
 * An event's operation id, of bounded length; `""` if it has none. A number is the same as the text
 * of its digits.
 */
export function operationIdOf(
  declared: { readonly operationId: (event: BusEvent) => OperationId },
  event: BusEvent,
): string {
  const id: OperationId | null = declared.operationId(event);
  if (typeof id === "string") return boundedId(id);
  return id === undefined || id === null ? "" : boundedId(String(id));
}
