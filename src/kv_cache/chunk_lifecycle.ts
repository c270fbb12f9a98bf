import type { EventOf } from "../events/event_map.ts";
import type { KvCacheEvents } from "./events.ts";
import { KeySample } from "./key_sample.ts";
import type { ObjectKey } from "./metadata.ts";
import { RecentMap } from "./recent_map.ts";

/** Which share of the blocks is followed unless told otherwise. */
export const DEFAULT_LIFECYCLE_SAMPLE_RATIO = 0.01;
/** How many blocks are followed at once unless told otherwise, in L1 and after their eviction each. */
export const DEFAULT_MAX_FOLLOWED_CHUNKS = 10_000;
/** A block that comes back later than this after its eviction is recorded as this, in seconds. */
export const MAX_EVICT_REUSE_GAP_S = 300;

/** What a {@linkcode ChunkLifecycle} lets one choose. */
export interface ChunkLifecycleOptions {
  /** The share of blocks that is followed, from 0 to 1. Default: 0.01. */
  readonly sampleRatio?: number;
  /** How many are followed in L1, and as many after their eviction. Default: 10,000. */
  readonly maxFollowed?: number;
}

/** The events that tell of a block's life in L1. */
export type LifecycleEvent = EventOf<
  KvCacheEvents,
  | "l1.write.finished"
  | "l1.write_finished_and_read_reserved"
  | "l1.read.finished"
  | "l1.keys.evicted"
>;

/** What one event tells of the sampled blocks, in seconds; one value a block. */
export interface LifecycleObservations {
  /** From the write of a block to its eviction. */
  readonly lifetimeS: readonly number[];
  /** From the last use of a block to its eviction. */
  readonly idleBeforeEvictS: readonly number[];
  /** From one use of a block to the next read of it. */
  readonly reuseGapS: readonly number[];
  /** From the eviction of a block to its return, at most {@linkcode MAX_EVICT_REUSE_GAP_S}. */
  readonly evictReuseGapS: readonly number[];
  /** Blocks that had to be given up to stay within the bound. */
  readonly forgotten: number;
}

interface Life {
  readonly writtenAtMs: number;
  usedAtMs: number;
  /** Whether the next read is the one that brought the block here, and so no reuse. */
  readReserved: boolean;
}

const NOTHING: LifecycleObservations = Object.freeze({
  lifetimeS: [],
  idleBeforeEvictS: [],
  reuseGapS: [],
  evictReuseGapS: [],
  forgotten: 0,
});

/**
 * Follows a sampled share of the blocks through L1: written, read, evicted, back again.
 *
 * Which blocks are followed depends on their chunk hash alone. Times are the events' own. Memory is
 * bounded: past the bound the block used longest ago (or evicted longest ago) is given up and
 * counted. Events that contradict what is known (a read of a block never written) tell nothing.
 */
export class ChunkLifecycle {
  readonly #sample: KeySample;
  /** By their use. */
  readonly #lives: RecentMap<Life>;
  /** When each was evicted. */
  readonly #evictedAtMs: RecentMap<number>;
  #forgotten = 0;
  #lastEvent: LifecycleEvent | undefined;
  #last = NOTHING;

  /**
   * Starts with no block known.
   *
   * @throws {RangeError} if `sampleRatio` is not from 0 to 1, or `maxFollowed` no integer above 0
   */
  constructor(options: ChunkLifecycleOptions = {}) {
    const {
      sampleRatio = DEFAULT_LIFECYCLE_SAMPLE_RATIO,
      maxFollowed = DEFAULT_MAX_FOLLOWED_CHUNKS,
    } = options;
    if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
      throw new RangeError(
        `Cannot follow chunks: sampleRatio must be a number from 0 to 1, received ${sampleRatio}`,
      );
    }
    if (!Number.isInteger(maxFollowed) || maxFollowed < 1) {
      throw new RangeError(
        `Cannot follow chunks: maxFollowed must be an integer of at least 1, received ${maxFollowed}`,
      );
    }
    this.#sample = new KeySample(sampleRatio);
    this.#lives = new RecentMap(maxFollowed);
    this.#evictedAtMs = new RecentMap(maxFollowed);
  }

  /** Blocks that are followed now: in L1, and after their eviction. */
  get followed(): { readonly inL1: number; readonly evicted: number } {
    return { inL1: this.#lives.size, evicted: this.#evictedAtMs.size };
  }

  /** Blocks given up so far to stay within the bound. */
  get forgottenCount(): number {
    return this.#forgotten;
  }

  /**
   * Takes an event in and says what it tells. Several metrics ask of the same event, one after
   * another: it is taken in once.
   */
  observe(event: LifecycleEvent): LifecycleObservations {
    if (event === this.#lastEvent) return this.#last;
    this.#lastEvent = event;
    const sampled = event.metadata.keys.filter((key) => this.#sample.has(key));
    return this.#last = sampled.length === 0 ? NOTHING : this.#take(event, sampled.map(nameOf));
  }

  #take({ type, timestamp }: LifecycleEvent, names: readonly string[]): LifecycleObservations {
    const lifetimeS: number[] = [];
    const idleBeforeEvictS: number[] = [];
    const reuseGapS: number[] = [];
    const evictReuseGapS: number[] = [];
    const forgottenBefore = this.#forgotten;
    for (const name of names) {
      if (type === "l1.keys.evicted") {
        const life = this.#lives.get(name);
        if (life !== undefined) {
          lifetimeS.push(seconds(life.writtenAtMs, timestamp));
          idleBeforeEvictS.push(seconds(life.usedAtMs, timestamp));
          this.#lives.delete(name);
        }
        if (this.#evictedAtMs.set(name, timestamp)) this.#forgotten++;
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
        if (this.#lives.set(name, life)) this.#forgotten++;
      }
    }
    const forgotten = this.#forgotten - forgottenBefore;
    return { lifetimeS, idleBeforeEvictS, reuseGapS, evictReuseGapS, forgotten };
  }
}

function nameOf({ chunkHash, modelName, cacheSalt }: ObjectKey): string {
  return JSON.stringify([chunkHash, modelName, cacheSalt]);
}

/** Clocks step back; nothing took less than no time. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
