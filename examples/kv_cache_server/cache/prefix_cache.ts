import { currentContext, operation } from "@busbar/busbar/context";
import type { ChunkId } from "./chunk.ts";
import { type Client, forAll, type Ranks } from "./client.ts";
import { Engines } from "./engine.ts";
import { type Found, lookUp } from "./lookup.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { publishAccessed } from "./publish.ts";
import { read, retrieveFound, retrieveFromL1 } from "./retrieve.ts";
import { store } from "./store.ts";
import type { Tiers } from "./tiers.ts";

/** What became of one request's chunks. */
export type RequestResult = Pick<Found, "l1Hits" | "l2Hits" | "misses">;

/**
 * A two-tier prefix cache. A chunk's id stands for the tokens of the chunk and of all before it, so
 * the first chunk that is missing ends the prefix that can be reused.
 *
 * It knows nothing of metrics: it does its work and publishes what happened.
 */
export class PrefixCache {
  readonly #tiers: Tiers;
  readonly #engines: Engines;

  constructor(tiers: Tiers) {
    this.#tiers = tiers;
    this.#engines = new Engines(tiers.bus);
  }

  /**
   * A language model's whole request: looks a prompt's chunks up, retrieves those that are there,
   * and stores the others when it has answered.
   */
  async handle(ids: readonly ChunkId[], ...ranks: Ranks): Promise<RequestResult> {
    const tiers = this.#tiers;
    const requestId = currentContext()?.sessionId ?? "";
    using ending = new DisposableStack();
    const found = await this.#request(async () => {
      const found = await lookUp(tiers, ranks, ids);
      ending.defer(() => this.#engines.end(requestId));
      for await (const { part } of portions(tiers, ids)) {
        this.#engines.give(ranks[0], requestId, part);
      }
      for (const [i, rank] of ranks.entries()) {
        if (found.chunks.length > 0) {
          this.#submit("mp.retrieve.submitted", rank);
          await retrieveFound(tiers, rank, slotsOf(found, i));
        }
      }
      if (found.misses > 0) ranks.forEach((rank) => this.#submit("mp.store.submitted", rank));
      return found;
    });
    const places = [...ids.keys()].slice(found.chunks.length);
    const missing = ids.slice(found.chunks.length);
    await forAll(ranks, async (rank, i) => {
      const stored = found.misses > 0 ? await store(tiers, rank, missing, places) : [];
      await publishAccessed(tiers, [...slotsOf(found, i), ...stored]);
    });
    return found;
  }

  /** Finds a prompt's prefix, brings it into L1, and lets go of it. */
  lookUp(ids: readonly ChunkId[], ...ranks: Ranks): Promise<RequestResult> {
    return this.#request(async () => {
      const found = await lookUp(this.#tiers, ranks, ids);
      for (const i of ranks.keys()) {
        const slots = slotsOf(found, i);
        for await (const { part } of portions(this.#tiers, slots)) read(this.#tiers, part);
        await publishAccessed(this.#tiers, slots);
      }
      return found;
    });
  }

  /** Stores chunks. @returns how many found room */
  store(ids: readonly ChunkId[], client: Client): Promise<number> {
    return this.#request(async () => {
      this.#submit("mp.store.submitted", client);
      const stored = await store(this.#tiers, client, ids);
      await publishAccessed(this.#tiers, stored);
      return stored.length;
    });
  }

  /** Reads chunks from L1. @returns the ids of those that are not there */
  retrieve(ids: readonly ChunkId[], client: Client): Promise<readonly ChunkId[]> {
    return this.#request(() => {
      this.#submit("mp.retrieve.submitted", client);
      return retrieveFromL1(this.#tiers, client, ids);
    });
  }

  #submit(type: "mp.store.submitted" | "mp.retrieve.submitted", { device }: Client): void {
    this.#tiers.bus.publish(type, { device });
  }

  /** A request begins when the disk can take another task. */
  async #request<Result>(work: () => Promise<Result>): Promise<Result> {
    const { bus, l2 } = this.#tiers;
    await l2.room();
    return await operation(
      bus,
      ["mp.request.start", "mp.request.end"],
      undefined,
      async (op) => op.end(undefined, await work()),
    );
  }
}

/** What a rank has of what was found. */
function slotsOf({ chunks }: Found, rank: number): readonly Slot[] {
  return chunks.map((slots) => slots[rank] as Slot);
}
