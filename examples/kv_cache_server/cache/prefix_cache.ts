import type { ChunkId } from "./chunk.ts";
import { type Client, waitingTransferOf } from "./client.ts";
import { type Found, lookUp } from "./lookup.ts";
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
  #lastOperationId = 0;

  constructor(tiers: Tiers) {
    this.#tiers = tiers;
  }

  /**
   * A language model's whole request: looks a prompt's chunks up, retrieves those that are there,
   * and stores the others when it has answered.
   */
  async handle(
    sessionId: string,
    ids: readonly ChunkId[],
    client: Client,
  ): Promise<RequestResult> {
    await this.#tiers.l2.room();
    const { bus } = this.#tiers;
    const session = { sessionId };
    const request = { operationId: this.#nextId() };
    bus.publish("mp.request.start", request, session);
    let found: Found;
    const operationId = this.#nextId();
    try {
      found = await lookUp(this.#tiers, { session, client, operationId: this.#nextId() }, ids);
      if (found.slots.length > 0) {
        const operationId = this.#nextId();
        bus.publish("mp.retrieve.submitted", waitingTransferOf(client, operationId), session);
        retrieveFound(this.#tiers, { session, client, operationId }, found.slots);
      }
      if (found.misses > 0) {
        bus.publish("mp.store.submitted", waitingTransferOf(client, operationId), session);
      }
    } finally {
      bus.publish("mp.request.end", request, session);
    }
    if (found.misses > 0) {
      store(this.#tiers, { session, client, operationId }, ids.slice(found.slots.length));
    }
    return found;
  }

  /** Finds a prompt's prefix, brings it into L1, and lets go of it. */
  lookUp(sessionId: string, ids: readonly ChunkId[], client: Client): Promise<RequestResult> {
    return this.#request(sessionId, async (session) => {
      const operation = { session, client, operationId: this.#nextId() };
      const found = await lookUp(this.#tiers, operation, ids);
      if (found.slots.length > 0) read(this.#tiers, session, found.slots);
      return found;
    });
  }

  /** Stores chunks. @returns how many found room */
  store(sessionId: string, ids: readonly ChunkId[], client: Client): Promise<number> {
    return this.#request(sessionId, (session) => {
      const operationId = this.#nextId();
      this.#tiers.bus.publish(
        "mp.store.submitted",
        waitingTransferOf(client, operationId),
        session,
      );
      return store(this.#tiers, { session, client, operationId }, ids);
    });
  }

  /** Reads chunks from L1. @returns the ids of those that are not there */
  retrieve(sessionId: string, ids: readonly ChunkId[], client: Client): Promise<ChunkId[]> {
    return this.#request(sessionId, (session) => {
      const operationId = this.#nextId();
      this.#tiers.bus.publish(
        "mp.retrieve.submitted",
        waitingTransferOf(client, operationId),
        session,
      );
      return retrieveFromL1(this.#tiers, { session, client, operationId }, ids);
    });
  }

  async #request<Result>(
    sessionId: string,
    work: (session: { sessionId: string }) => Result | Promise<Result>,
  ): Promise<Result> {
    await this.#tiers.l2.room();
    const session = { sessionId };
    const request = { operationId: this.#nextId() };
    this.#tiers.bus.publish("mp.request.start", request, session);
    try {
      return await work(session);
    } finally {
      this.#tiers.bus.publish("mp.request.end", request, session);
    }
  }

  #nextId(): number {
    return ++this.#lastOperationId;
  }
}
