import type { ChunkKey } from "@busbar/busbar/kv-cache";
import type { ChunkId } from "./chunk.ts";

/** Who asks, and through which engine. */
export interface Client {
  readonly modelName: string;
  readonly cacheSalt: string;
  readonly engineId: string;
  readonly device: string;
  /** Which of the model's ranks it is, if each has its own part of every chunk. */
  readonly kvRank?: number;
  /** Clients of one namespace share chunks. Default: those of one model and salt. */
  readonly namespace?: string;
}

/** The ranks of a client's model, each with its own part of every chunk; the first speaks for all. */
export type Ranks = readonly [Client, ...Client[]];

/** A client's chunk, as events name it. */
export function keyOf({ modelName, cacheSalt, kvRank }: Client, chunkHash: ChunkId): ChunkKey {
  const key = { chunkHash, modelName, cacheSalt };
  return kvRank === undefined ? key : { ...key, kvRank };
}

/** Whether it speaks for all ranks of its model, where something is said once. */
export function isFirstRank({ kvRank = 0 }: Client): boolean {
  return kvRank === 0;
}

/** A client's chunk, as the cache knows it. */
export function cacheIdsOf(client: Client, ids: readonly ChunkId[]): readonly ChunkId[] {
  const { modelName, cacheSalt, kvRank } = client;
  const { namespace = JSON.stringify([modelName, cacheSalt]) } = client;
  const prefix = kvRank === undefined ? namespace : `${namespace}rank ${kvRank}: `;
  return prefix === "" ? ids : ids.map((id) => `${prefix}${JSON.stringify(id)}`);
}

/** What the events of a client's transfers have in common. */
export function transferOf({ device, engineId, modelName }: Client) {
  return { device, engineId, modelName };
}

/** How many keys each tenant has. */
export function keyCountPerSalt(keys: readonly ChunkKey[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { cacheSalt } of keys) counts.set(cacheSalt, (counts.get(cacheSalt) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** Does something for each rank in turn, for all of them also if it fails for one. */
export async function forAll(
  ranks: Ranks,
  work: (rank: Client, i: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const [i, rank] of ranks.entries()) {
    await work(rank, i).catch((failure) => failures.push(failure));
  }
  if (failures.length > 0) throw failures[0];
}
