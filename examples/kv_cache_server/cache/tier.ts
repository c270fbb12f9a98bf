/** The id of a block: its tokens' hash. */
export type BlockId = number;

/** What a `put` did. */
export interface PutResult {
  /** Whether the block was not there before. */
  readonly inserted: boolean;
  /** The block that had to go. */
  readonly evicted: BlockId | undefined;
}

/** One tier of the cache: a bounded store of blocks that evicts the least recently used. */
export interface Tier {
  /** Blocks held. */
  readonly size: number;
  /** Reads a block and makes it the most recent. */
  get(id: BlockId): Uint8Array | undefined;
  /** Makes the block the most recent one; if it is new, the least recent may have to go. */
  put(id: BlockId, bytes: Uint8Array): PutResult;
  /** Releases what the tier holds. */
  close(): void;
}
