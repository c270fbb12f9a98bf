import type { ObjectKey } from "@busbar/busbar/kv-cache";

/** What a cache knows a block by. */
export type BlockId = number | string;

/** A block without its content. */
export interface Block {
  readonly id: BlockId;
  /** Of whom it was stored first. */
  readonly key: ObjectKey;
}

/** A block with its content. */
export interface FilledBlock extends Block {
  readonly bytes: Uint8Array;
}

/** A block holds the keys and values of so many tokens. */
export const TOKENS_PER_BLOCK = 512;

/** What a real block weighs is the model's affair; this one is just big enough to be checked. */
export const BLOCK_BYTES = 64;

const encoder = new TextEncoder();

/** The content of a block: here, its id. */
export function makeBytes(id: BlockId): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  encoder.encodeInto(String(id), bytes);
  return bytes;
}

/** @throws {Error} if the content is another block's */
export function checkBytes(id: BlockId, bytes: Uint8Array): void {
  const expected = makeBytes(id);
  if (bytes.length !== BLOCK_BYTES || expected.some((byte, i) => byte !== bytes[i])) {
    throw new Error(`The cache returned another block for block ${id}`);
  }
}
