import type { ChunkKey } from "@busbar/busbar/kv-cache";
import type { ChunkId } from "./chunk.ts";

/** Who asks, and through which engine. */
export interface Client {
  readonly modelName: string;
  readonly cacheSalt: string;
  readonly engineId: string;
  readonly device: string;
  /** Clients of one namespace share chunks. Default: those of one model and salt. */
  readonly namespace?: string;
}

/** A client's chunk, as events name it. */
export function keyOf({ modelName, cacheSalt }: Client, chunkHash: ChunkId): ChunkKey {
  return { chunkHash, modelName, cacheSalt };
}

/** A client's chunk, as the cache knows it. */
export function cacheIdsOf(client: Client, ids: readonly ChunkId[]): readonly ChunkId[] {
  const { modelName, cacheSalt, namespace = JSON.stringify([modelName, cacheSalt]) } = client;
  return namespace === "" ? ids : ids.map((id) => `${namespace}${JSON.stringify(id)}`);
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
