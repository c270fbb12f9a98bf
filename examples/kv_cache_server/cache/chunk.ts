import type { ChunkKey } from "@busbar/busbar/kv-cache";

/** What a cache knows a chunk by. */
export type ChunkId = number | string;

/** A chunk without its content. */
export interface Chunk {
  readonly id: ChunkId;
  /** Of whom it was stored first. */
  readonly key: ChunkKey;
}

/** A chunk with its content. */
export interface FilledChunk extends Chunk {
  readonly bytes: Uint8Array;
}

/** A chunk holds the keys and values of so many tokens. */
export const TOKENS_PER_CHUNK = 512;

/** What a real chunk weighs is the model's affair; this one is just big enough to be checked. */
export const CHUNK_BYTES = 64;

/** What so many chunks weigh. */
export function sizeOf(chunks: number): { totalBytes: number; numTokens: number } {
  return { totalBytes: chunks * CHUNK_BYTES, numTokens: chunks * TOKENS_PER_CHUNK };
}

/** Stands for a chunk's tokens. */
export function tokenOf(id: ChunkId): number {
  return typeof id === "number"
    ? id
    : [...id].reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) % 2 ** 31, 7);
}

const encoder = new TextEncoder();

/** The content of a chunk: here, its id. */
export function makeBytes(id: ChunkId): Uint8Array {
  const bytes = new Uint8Array(CHUNK_BYTES);
  encoder.encodeInto(String(id), bytes);
  return bytes;
}

/** Whether the content is the chunk's. */
export function isIntact(id: ChunkId, bytes: Uint8Array): boolean {
  const expected = makeBytes(id);
  return bytes.length === CHUNK_BYTES && expected.every((byte, i) => byte === bytes[i]);
}

/** @throws {Error} if the content is another chunk's */
export function checkBytes(id: ChunkId, bytes: Uint8Array): void {
  if (!isIntact(id, bytes)) throw new Error(`The cache returned another chunk for chunk ${id}`);
}
