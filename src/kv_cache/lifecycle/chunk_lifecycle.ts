import type { EventOf } from "../../events/event_map.ts";
import { boundedId } from "../../subscribers/pairs/bounded_id.ts";
import type { ChunkKey } from "../events/chunk_key.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import { LruMap } from "./lru_map.ts";
import { Sample } from "./sample.ts";
import { secondsBetween, type TrackingOptions } from "./tracking_options.ts";

/**
 * The longest time between eviction and return that is recorded, in seconds; after that, a chunk
 * that has not come back is no longer waited for.
 */
const MAX_EVICT_REUSE_GAP_S = 300;

/** Counts of a {@linkcode ChunkLifecycle}; only `untracked` never falls. */
export interface ChunkLifecycleStats {
  /** Chunks tracked in L1. */
  readonly trackedInL1: number;
  /** Chunks tracked after their eviction from it. */
  readonly trackedEvicted: number;
  /** Chunks no longer tracked because of the limit, so far. */
  readonly untracked: number;
}

/** The events of a chunk's life in L1. */
export type LifecycleEvent = EventOf<
  KvCacheEvents,
  | "l1.write.finished"
  | "l1.write_finished_and_read_reserved"
  | "l1.read.finished"
  | "l1.keys.evicted"
>;

/** What one event shows about the sampled chunks, in seconds; one value per chunk. */
export interface LifecycleObservations {
  /** From the write of a chunk to its eviction. */
  readonly lifetimeS: readonly number[];
  /** From the last read or write of a chunk to its eviction. */
  readonly idleBeforeEvictS: readonly number[];
  /** From one read or write of a chunk to the next. */
  readonly reuseGapS: readonly number[];
  /** From the eviction of a chunk to its return; 300 if it has not come back by then. */
  readonly evictReuseGapS: readonly number[];
  /** Chunks no longer tracked because of the limit. */
  readonly untracked: number;
}

interface Life {
  readonly writtenAtMs: number;
  usedAtMs: number;
}

interface Eviction {
  /** By the event. */
  readonly atMs: number;
  /** When the event came, as `#elapsedMs` has it. */
  readonly seenMs: number;
}

const NOTHING: LifecycleObservations = Object.freeze({
  lifetimeS: [],
  idleBeforeEvictS: [],
  reuseGapS: [],
  evictReuseGapS: [],
  untracked: 0,
});

/**
 * Tracks a sample of the chunks through L1: written, read, evicted, returned.
 *
 * Which chunks are tracked depends only on their chunk hash. Times are those of the events, but how long
 * the return of a chunk is waited for, which is by the bus's clock: events may be ahead of it. Memory
 * is bounded: beyond the limit, the least recently used (or evicted) chunk is no longer tracked,
 * and counted. Each touch of a chunk costs the same, however many there are. Events that contradict
 * earlier ones (a read of a chunk never written) are ignored.
 */
export class ChunkLifecycle {
  readonly #sample: Sample;
  /** In the order of their last use. */
  readonly #lives: LruMap<Life>;
  /** Those that may return, in the order in which their evictions came. */
  readonly #evicted: LruMap<Eviction>;
  /** The sum of the clock's steps forward. */
  #elapsedMs = 0;
  #readMs = Infinity;
  #untracked = 0;
  #lastEvent: LifecycleEvent | undefined;
  #last = NOTHING;

  /** Creates a tracker that knows no chunks; as many are tracked after their eviction as before. */
  constructor({ sampleRatio, maxTracked }: TrackingOptions) {
    this.#sample = new Sample(sampleRatio);
    this.#lives = new LruMap(maxTracked);
    this.#evicted = new LruMap(maxTracked);
  }

  /** A copy of the counts. */
  stats(): ChunkLifecycleStats {
    return {
      trackedInL1: this.#lives.size,
      trackedEvicted: this.#evicted.size,
      untracked: this.#untracked,
    };
  }

  /**
   * Processes an event and returns what it shows. Several metrics may pass the same event, one
   * after another: it is processed once.
   *
   * @param now the bus's clock; default: the event's own time
   */
  observe(
    event: LifecycleEvent,
    now: () => number = () => event.timestamp,
  ): LifecycleObservations {
    if (event === this.#lastEvent) return this.#last;
    this.#lastEvent = event;
    // Of an event that is broken nothing is seen, whoever asks next.
    this.#last = NOTHING;
    const sampled = event.metadata.keys.filter(({ chunkHash }) => this.#sample.has(chunkHash));
    const gone = event.type === "l1.read.finished" ? [] : this.#expire(now);
    if (sampled.length === 0 && gone.length === 0) return this.#last = NOTHING;
    if (event.type === "l1.keys.evicted") this.#read(now);
    return this.#last = this.#process(event, sampled.map(nameOf), gone);
  }

  /** Where the clock jumps back, no time has passed. */
  #read(now: () => number): void {
    const nowMs = now();
    if (nowMs > this.#readMs) this.#elapsedMs += nowMs - this.#readMs;
    this.#readMs = nowMs;
  }

  /** Gives up what has not come back in time. @returns what that records */
  #expire(now: () => number): number[] {
    const gaps: number[] = [];
    if (this.#evicted.size === 0) return gaps;
    this.#read(now);
    for (let oldest = this.#evicted.oldest; oldest; oldest = this.#evicted.oldest) {
      if (secondsBetween(oldest.value.seenMs, this.#elapsedMs) < MAX_EVICT_REUSE_GAP_S) break;
      this.#evicted.delete(oldest.key);
      gaps.push(MAX_EVICT_REUSE_GAP_S);
    }
    return gaps;
  }

  #process(
    { type, timestamp }: LifecycleEvent,
    names: readonly string[],
    evictReuseGapS: number[],
  ): LifecycleObservations {
    const lifetimeS: number[] = [];
    const idleBeforeEvictS: number[] = [];
    const reuseGapS: number[] = [];
    const untrackedBefore = this.#untracked;
    for (const name of names) {
      const life = this.#lives.get(name);
      if (type === "l1.keys.evicted") {
        if (life !== undefined) {
          lifetimeS.push(secondsBetween(life.writtenAtMs, timestamp));
          idleBeforeEvictS.push(secondsBetween(life.usedAtMs, timestamp));
          this.#lives.delete(name);
        }
        const eviction = { atMs: timestamp, seenMs: this.#elapsedMs };
        if (this.#evicted.set(name, eviction)) this.#untracked++;
        continue;
      }
      if (life !== undefined) reuseGapS.push(secondsBetween(life.usedAtMs, timestamp));
      if (type === "l1.read.finished") {
        if (life === undefined) continue;
        life.usedAtMs = timestamp;
        this.#lives.set(name, life); // it was there: nothing has to go
        continue;
      }
      const eviction = this.#evicted.get(name);
      if (eviction !== undefined) {
        const gapS = secondsBetween(eviction.atMs, timestamp);
        evictReuseGapS.push(Math.min(gapS, MAX_EVICT_REUSE_GAP_S));
        this.#evicted.delete(name);
      }
      const written = { writtenAtMs: timestamp, usedAtMs: timestamp };
      if (this.#lives.set(name, written)) this.#untracked++;
    }
    const untracked = this.#untracked - untrackedBefore;
    return { lifetimeS, idleBeforeEvictS, reuseGapS, evictReuseGapS, untracked };
  }
}

/** A name of bounded length, whatever the key holds. */
function nameOf({ chunkHash, modelName, cacheSalt, kvRank, objectGroup }: ChunkKey): string {
  return boundedId(JSON.stringify([chunkHash, modelName, cacheSalt, kvRank, objectGroup]));
}
