import type { EventOf } from "../events/event_map.ts";
import type { KvCacheEvents } from "./events.ts";
import { boundedId } from "../subscribers/pairs/bounded_id.ts";
import { KeySample } from "./key_sample.ts";
import type { ChunkKey } from "./metadata.ts";
import { LruMap } from "./lru_map.ts";

/**
 * The longest time between eviction and return that is recorded, in seconds; longer ones count as
 * this.
 */
const MAX_EVICT_REUSE_GAP_S = 300;

/** The options of a {@linkcode ChunkLifecycle}; checked by the caller. */
export interface ChunkLifecycleOptions {
  /** The share of chunks that is tracked, from 0 to 1. */
  readonly sampleRatio: number;
  /** How many are tracked in L1, and as many after their eviction; at least 1. */
  readonly maxTracked: number;
}

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
  /** From the last use of a chunk to its eviction. */
  readonly idleBeforeEvictS: readonly number[];
  /** From one use of a chunk to the next read of it. */
  readonly reuseGapS: readonly number[];
  /** From the eviction of a chunk to its return, at most 300. */
  readonly evictReuseGapS: readonly number[];
  /** Chunks no longer tracked because of the limit. */
  readonly untracked: number;
}

interface Life {
  readonly writtenAtMs: number;
  usedAtMs: number;
  /** Whether the next read is the one that brought the chunk here, and so no reuse. */
  readReserved: boolean;
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
 * Which chunks are tracked depends only on their chunk hash. Times are those of the events. Memory
 * is bounded: beyond the limit, the least recently used (or evicted) chunk is no longer tracked,
 * and counted. Events that contradict earlier ones (a read of a chunk never written) are ignored.
 */
export class ChunkLifecycle {
  readonly #sample: KeySample;
  /** In the order of their last use. */
  readonly #lives: LruMap<Life>;
  /** When each was evicted, in that order. */
  readonly #evictedAtMs: LruMap<number>;
  #untracked = 0;
  #lastEvent: LifecycleEvent | undefined;
  #last = NOTHING;

  /** Creates a tracker that knows no chunks. */
  constructor({ sampleRatio, maxTracked }: ChunkLifecycleOptions) {
    this.#sample = new KeySample(sampleRatio);
    this.#lives = new LruMap(maxTracked);
    this.#evictedAtMs = new LruMap(maxTracked);
  }

  /** A copy of the counts. */
  stats(): ChunkLifecycleStats {
    return {
      trackedInL1: this.#lives.size,
      trackedEvicted: this.#evictedAtMs.size,
      untracked: this.#untracked,
    };
  }

  /**
   * Processes an event and returns what it shows. Several metrics may pass the same event, one
   * after another: it is processed once.
   */
  observe(event: LifecycleEvent): LifecycleObservations {
    if (event === this.#lastEvent) return this.#last;
    this.#lastEvent = event;
    const sampled = event.metadata.keys.filter((key) => this.#sample.has(key));
    return this.#last = sampled.length === 0 ? NOTHING : this.#process(event, sampled.map(nameOf));
  }

  #process({ type, timestamp }: LifecycleEvent, names: readonly string[]): LifecycleObservations {
    const lifetimeS: number[] = [];
    const idleBeforeEvictS: number[] = [];
    const reuseGapS: number[] = [];
    const evictReuseGapS: number[] = [];
    const untrackedBefore = this.#untracked;
    for (const name of names) {
      if (type === "l1.keys.evicted") {
        const life = this.#lives.get(name);
        if (life !== undefined) {
          lifetimeS.push(seconds(life.writtenAtMs, timestamp));
          idleBeforeEvictS.push(seconds(life.usedAtMs, timestamp));
          this.#lives.delete(name);
        }
        if (this.#evictedAtMs.set(name, timestamp)) this.#untracked++;
      } else if (type === "l1.read.finished") {
        const life = this.#lives.get(name);
        if (life === undefined) continue;
        if (life.readReserved) life.readReserved = false;
        else reuseGapS.push(seconds(life.usedAtMs, timestamp));
        life.usedAtMs = timestamp;
        this.#lives.set(name, life); // it was there: nothing has to go
      } else {
        const evictedAtMs = this.#evictedAtMs.get(name);
        if (evictedAtMs !== undefined) {
          evictReuseGapS.push(Math.min(seconds(evictedAtMs, timestamp), MAX_EVICT_REUSE_GAP_S));
          this.#evictedAtMs.delete(name);
        }
        const readReserved = type === "l1.write_finished_and_read_reserved";
        const life = { writtenAtMs: timestamp, usedAtMs: timestamp, readReserved };
        if (this.#lives.set(name, life)) this.#untracked++;
      }
    }
    const untracked = this.#untracked - untrackedBefore;
    return { lifetimeS, idleBeforeEvictS, reuseGapS, evictReuseGapS, untracked };
  }
}

/** A name of bounded length, whatever the key holds. */
function nameOf({ chunkHash, modelName, cacheSalt }: ChunkKey): string {
  return boundedId(JSON.stringify([chunkHash, modelName, cacheSalt]));
}

/** Clocks step back; nothing took less than no time. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
