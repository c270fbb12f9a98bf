import type { EventOf } from "../events/event_map.ts";
import type { KvCacheEvents } from "./events.ts";
import { KeySample } from "./key_sample.ts";
import type { ObjectKey } from "./metadata.ts";
import { LruMap } from "./lru_map.ts";

/** The default share of blocks that are tracked. */
export const DEFAULT_LIFECYCLE_SAMPLE_RATIO = 0.01;
/** How many blocks are tracked at once by default, in L1 and after their eviction each. */
export const DEFAULT_MAX_TRACKED_CHUNKS = 10_000;
/** The longest time between eviction and return that is recorded, in seconds; longer ones count as this. */
export const MAX_EVICT_REUSE_GAP_S = 300;

/** The options of a {@linkcode ChunkLifecycle}. */
export interface ChunkLifecycleOptions {
  /** The share of blocks that is tracked, from 0 to 1. Default: 0.01. */
  readonly sampleRatio?: number;
  /** How many are tracked in L1, and as many after their eviction. Default: 10,000. */
  readonly maxTracked?: number;
}

/** The events of a block's life in L1. */
export type LifecycleEvent = EventOf<
  KvCacheEvents,
  | "l1.write.finished"
  | "l1.write_finished_and_read_reserved"
  | "l1.read.finished"
  | "l1.keys.evicted"
>;

/** What one event shows about the sampled blocks, in seconds; one value per block. */
export interface LifecycleObservations {
  /** From the write of a block to its eviction. */
  readonly lifetimeS: readonly number[];
  /** From the last use of a block to its eviction. */
  readonly idleBeforeEvictS: readonly number[];
  /** From one use of a block to the next read of it. */
  readonly reuseGapS: readonly number[];
  /** From the eviction of a block to its return, at most {@linkcode MAX_EVICT_REUSE_GAP_S}. */
  readonly evictReuseGapS: readonly number[];
  /** Blocks no longer tracked because of the limit. */
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
 * Tracks a sample of the blocks through L1: written, read, evicted, returned.
 *
 * Which blocks are tracked depends only on their chunk hash. Times are those of the events. Memory is
 * bounded: beyond the limit, the least recently used (or evicted) block is no longer tracked, and
 * counted. Events that contradict earlier ones (a read of a block never written) are ignored.
 */
export class ChunkLifecycle {
  readonly #sample: KeySample;
  /** By their use. */
  readonly #lives: LruMap<Life>;
  /** When each was evicted. */
  readonly #evictedAtMs: LruMap<number>;
  #forgotten = 0;
  #lastEvent: LifecycleEvent | undefined;
  #last = NOTHING;

  /**
   * Creates a tracker that knows no blocks.
   *
   * @throws {RangeError} if `sampleRatio` is not from 0 to 1, or `maxTracked` is not an integer above 0
   */
  constructor(options: ChunkLifecycleOptions = {}) {
    const {
      sampleRatio = DEFAULT_LIFECYCLE_SAMPLE_RATIO,
      maxTracked = DEFAULT_MAX_TRACKED_CHUNKS,
    } = options;
    if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
      throw new RangeError(
        `Cannot follow chunks: sampleRatio must be a number from 0 to 1, received ${sampleRatio}`,
      );
    }
    if (!Number.isInteger(maxTracked) || maxTracked < 1) {
      throw new RangeError(
        `Cannot follow chunks: maxTracked must be an integer of at least 1, received ${maxTracked}`,
      );
    }
    this.#sample = new KeySample(sampleRatio);
    this.#lives = new LruMap(maxTracked);
    this.#evictedAtMs = new LruMap(maxTracked);
  }

  /** Blocks tracked now: in L1, and after their eviction. */
  get followed(): { readonly inL1: number; readonly evicted: number } {
    return { inL1: this.#lives.size, evicted: this.#evictedAtMs.size };
  }

  /** Blocks no longer tracked because of the limit, so far. */
  get untrackedCount(): number {
    return this.#forgotten;
  }

  /**
   * Processes an event and returns what it shows. Several metrics may pass the same event, one after
   * another: it is processed once.
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
