import type { EventOf } from "../../events/event_map.ts";
import { MAX_LABEL_LENGTH } from "../../internal/bounded_values.ts";
import { cut } from "../../internal/reporting.ts";
import { boundedId } from "../../subscribers/pairs/bounded_id.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import { BlockOwners } from "./block_owners.ts";
import { LruMap } from "./lru_map.ts";
import { Sample } from "./sample.ts";
import { secondsBetween, type TrackingOptions } from "./tracking_options.ts";

/** The events of the blocks of engines' devices. */
export type BlockEvent = EventOf<
  KvCacheEvents,
  "mp.vllm.block_allocation" | "mp.vllm.end_session"
>;

/** What a block has gone through when it is given to other tokens, in seconds. */
export interface BlockLife {
  /** The engine. */
  readonly instanceId: string | number;
  /** The model that its tokens were for. */
  readonly modelName: string;
  /** From when it was given to its tokens. */
  readonly lifetimeS: number;
  /** From its last use. */
  readonly idleBeforeEvictS: number;
  /** Between its last uses. */
  readonly reuseGapsS: readonly number[];
}

/** What one event shows. */
export interface BlockObservations {
  /** The blocks whose tokens have gone. */
  readonly lives: readonly BlockLife[];
  /** Blocks no longer tracked because of the limit. */
  readonly untracked: number;
}

/** How many of a block's last uses are known. */
const MAX_TOUCHES = 4;

interface Block {
  readonly instanceId: string | number;
  readonly modelName: string;
  readonly tokens: string;
  readonly allocatedAtMs: number;
  readonly touchesMs: number[];
}

const NOTHING: BlockObservations = Object.freeze({ lives: [], untracked: 0 });

/**
 * Tracks a sample of the blocks of engines' devices (L0): given to tokens, used again, given to
 * others.
 *
 * A block is the engine and the block's id. One that is given to the same tokens again is used again
 * if its last owner has released it, and shared if not; one that is given to other tokens was evicted
 * then. Memory is bounded: beyond the limit, the block used longest ago is no longer tracked, and
 * counted.
 */
export class BlockLifecycle {
  readonly #sample: Sample;
  /** In the order of their last use. */
  readonly #blocks: LruMap<Block>;
  readonly #owners: BlockOwners;
  #lastEvent: BlockEvent | undefined;
  #last = NOTHING;

  /** Creates a tracker that knows no blocks. */
  constructor({ sampleRatio, maxTracked }: TrackingOptions) {
    this.#sample = new Sample(sampleRatio);
    this.#blocks = new LruMap(maxTracked);
    this.#owners = new BlockOwners(maxTracked);
  }

  /** Processes an event, once, and returns what it shows. */
  observe(event: BlockEvent): BlockObservations {
    if (event === this.#lastEvent) return this.#last;
    this.#lastEvent = event;
    // Of an event that is broken nothing is seen, whoever asks next.
    this.#last = NOTHING;
    if (event.type === "mp.vllm.end_session") {
      this.#owners.release(boundedId(event.metadata.requestId));
      return this.#last = NOTHING;
    }
    return this.#last = this.#allocate(event);
  }

  #allocate(
    { metadata, timestamp }: EventOf<KvCacheEvents, "mp.vllm.block_allocation">,
  ): BlockObservations {
    const { instanceId, modelName, records } = metadata;
    const lives: BlockLife[] = [];
    let untracked = 0;
    for (const { reqId, newBlockIds, newTokenIds } of records) {
      const owner = boundedId(reqId);
      const tokensPerBlock = Math.ceil(newTokenIds.length / newBlockIds.length);
      for (const [i, blockId] of newBlockIds.entries()) {
        const name = boundedId(JSON.stringify([instanceId, blockId]));
        if (!this.#sample.has(name)) continue;
        const begin = i * tokensPerBlock;
        const tokens = boundedId(newTokenIds.slice(begin, begin + tokensPerBlock).join());
        const known = this.#blocks.get(name);
        if (known?.tokens === tokens) {
          if (this.#owners.isOwned(name)) this.#owners.add(name, owner);
          else {
            known.touchesMs.push(timestamp);
            if (known.touchesMs.length > MAX_TOUCHES) known.touchesMs.shift();
            this.#blocks.set(name, known); // it was there: nothing has to go
            this.#owners.add(name, owner);
          }
          continue;
        }
        if (known !== undefined) lives.push(lifeOf(known, timestamp));
        this.#owners.clear(name);
        this.#owners.add(name, owner);
        const block = {
          instanceId: shortened(instanceId),
          modelName: shortened(modelName),
          tokens,
          allocatedAtMs: timestamp,
        };
        if (this.#blocks.set(name, { ...block, touchesMs: [timestamp] })) untracked++;
      }
    }
    return { lives, untracked };
  }
}

/** What is kept of a name, which becomes a label: no more than that has. */
function shortened<Name>(name: Name): Name {
  return (typeof name === "string" ? cut(name, MAX_LABEL_LENGTH) : name) as Name;
}

function lifeOf(
  { instanceId, modelName, allocatedAtMs, touchesMs }: Block,
  evictedAtMs: number,
): BlockLife {
  return {
    instanceId,
    modelName,
    lifetimeS: secondsBetween(allocatedAtMs, evictedAtMs),
    idleBeforeEvictS: secondsBetween(touchesMs.at(-1) as number, evictedAtMs),
    reuseGapsS: touchesMs.slice(1).map((at, i) => secondsBetween(touchesMs[i] as number, at)),
  };
}
