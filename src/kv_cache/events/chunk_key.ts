/** Names one chunk of a key-value cache, as one object of it is stored. */
export interface ChunkKey {
  /** The hash of the chunk's tokens and of all before them. */
  readonly chunkHash: number | string;
  /** The model that the chunk was computed by. */
  readonly modelName: string;
  /** Separates tenants: chunks are shared only within one salt. */
  readonly cacheSalt: string;
  /** Which of the model's ranks it belongs to, if each stores a part. */
  readonly kvRank?: number | undefined;
  /** Which of the chunk's object groups it is, if it has several. */
  readonly objectGroup?: number | undefined;
}

/** Metadata of events about a set of chunks. */
export interface KeysMetadata {
  /** The chunks, each once; one chunk has a key for each rank and object group. */
  readonly keys: readonly ChunkKey[];
}

/** What an operation's start and end share beside the session, which may have several of a kind. */
export interface OperationMetadata {
  /**
   * Distinguishes operations of one kind in one session, where the event has no `operationId` of its
   * own. Without either they are matched in order.
   */
  readonly operationId?: string | number | undefined;
}
