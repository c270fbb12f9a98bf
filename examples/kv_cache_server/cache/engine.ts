import type { EventBus } from "@busbar/busbar";
import type { ServerEvents } from "../events.ts";
import { type ChunkId, tokenOf } from "./chunk.ts";
import type { Client } from "./client.ts";
import { LruMap } from "./lru_map.ts";

/** How many chunks fit into the memory of an engine's device. */
const BLOCKS = 256;

/**
 * The engines that the cache serves, as far as their memory goes: a prompt's chunks lie in blocks of
 * the device, and stay there until other chunks need the blocks.
 */
export class Engines {
  readonly #bus: EventBus<ServerEvents>;
  readonly #blocks = new Map<string, LruMap<ChunkId, { id: number }>>();

  constructor(bus: EventBus<ServerEvents>) {
    this.#bus = bus;
  }

  /** Gives a request the blocks that hold its chunks, or will. */
  give({ engineId, modelName }: Client, reqId: string, chunkIds: readonly ChunkId[]): void {
    let blocks = this.#blocks.get(engineId);
    if (blocks === undefined) this.#blocks.set(engineId, blocks = new LruMap(BLOCKS));
    const newBlockIds: number[] = [];
    for (const chunkId of chunkIds) {
      let block = blocks.touch(chunkId);
      if (block === undefined) {
        block = { id: blocks.size };
        const freed = blocks.add(chunkId, block);
        if (freed !== undefined) block.id = freed.id;
      }
      newBlockIds.push(block.id);
    }
    const records = [{ reqId, newBlockIds, newTokenIds: chunkIds.map(tokenOf) }];
    this.#bus.publish("mp.vllm.block_allocation", { instanceId: engineId, modelName, records });
  }

  /** Ends a request: its blocks may be given to others. */
  end(requestId: string): void {
    this.#bus.publish("mp.vllm.end_session", { requestId });
  }
}
