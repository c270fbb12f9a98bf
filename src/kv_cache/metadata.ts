/** Names one chunk of a key-value cache. */
export interface ChunkKey {
  /** The hash of the chunk's tokens and of all before them. */
  readonly chunkHash: number | string;
  /** The model that the chunk was computed by. */
  readonly modelName: string;
  /** Separates tenants: chunks are shared only within one salt. */
  readonly cacheSalt: string;
}

/** Metadata of events about a set of chunks. */
export interface KeysMetadata {
  /** The chunks, each once. */
  readonly keys: readonly ChunkKey[];
}

/** Metadata of storage-manager events: which chunks it worked for, and which not. */
export interface OutcomeMetadata {
  /** The chunks it worked for. */
  readonly succeededKeys: readonly ChunkKey[];
  /** The chunks it did not work for. */
  readonly failedKeys: readonly ChunkKey[];
}

/** What an operation's start and end share beside the session, which may have several of a kind. */
export interface OperationMetadata {
  /**
   * Distinguishes operations of one kind in one session, where the event has no `operationId` of its
   * own. Without either they are matched in order.
   */
  readonly operationId?: string | number | undefined;
}

/** Metadata of a transfer between an engine and the cache. */
export interface TransferMetadata extends OperationMetadata {
  /** The device that the engine holds its chunks on, such as `"cuda:0"`. */
  readonly device: string;
  /** The engine's id. */
  readonly engineId: string;
  /** The model's name. */
  readonly modelName: string;
}

/** Metadata of the end of a store. */
export interface StoreEndMetadata extends TransferMetadata {
  /** Chunks stored. */
  readonly storedCount: number;
  /** Bytes stored. */
  readonly totalBytes: number;
}

/** Metadata of the end of a retrieve. */
export interface RetrieveEndMetadata extends TransferMetadata {
  /** Chunks retrieved. */
  readonly retrievedCount: number;
  /** The tenant's salt. */
  readonly cacheSalt: string;
  /** Bytes retrieved. */
  readonly totalBytes: number;
}

/** Metadata of the end of a lookup. */
export interface LookupEndMetadata extends OperationMetadata {
  /** Chunks found. */
  readonly foundCount: number;
  /** Tokens that the request asked for. */
  readonly requestedTokens: number;
  /** Tokens that the cache holds a prefix of. */
  readonly hitTokens: number;
  /** The model's name. */
  readonly modelName: string;
  /** The tenant's salt. */
  readonly cacheSalt: string;
}

/** Metadata of chunks that found no room in L1. */
export interface AllocationFailedMetadata extends KeysMetadata {
  /** What the room was for. */
  readonly during: "l1_store" | "l2_prefetch";
}

/** Metadata of chunks that could not be read from L1. */
export interface ReadFailedMetadata extends KeysMetadata {
  /** What they were read for. */
  readonly during: "l2_store" | "l1_retrieve";
  /** Whether they were not there, or still being written. */
  readonly reason: "not_found" | "write_locked";
}

/** Metadata of one turn of the eviction loop. */
export interface EvictionTickMetadata {
  /** Whether anything had to go. */
  readonly triggered: boolean;
}

/** Metadata of a task that an L2 adapter was given. */
export interface L2TaskMetadata extends OperationMetadata {
  /** The adapter's place among the adapters. */
  readonly adapterIndex: number;
  /** The task's id, of its adapter's own. */
  readonly taskId: number;
  /** The adapter's name, such as `"disk"`. */
  readonly l2Name: string;
  /** Chunks in the task. */
  readonly keyCount: number;
  /** Their bytes. */
  readonly totalBytes: number;
}

/** Metadata of a store to L2 that has ended. */
export interface L2StoreCompletedMetadata extends L2TaskMetadata {
  /** Chunks stored. */
  readonly succeededCount: number;
  /** Chunks not stored. */
  readonly failedCount: number;
  /** Bytes stored. */
  readonly bytesTransferred: number;
}

/** Metadata of one request's part in a load from L2. */
export interface L2LoadTaskMetadata extends L2TaskMetadata {
  /** The prefetch that the load belongs to. */
  readonly requestId: string | number;
}

/** Metadata of a request to L2. */
export interface L2RequestMetadata extends OperationMetadata {
  /** Names the prefetch in all its events. */
  readonly requestId: string | number;
  /** Chunks asked for. */
  readonly keyCount: number;
}

/** Metadata of a lookup in L2. */
export interface L2LookupMetadata extends L2RequestMetadata {
  /** Adapters that are asked. */
  readonly adapterCount: number;
}

/** Metadata of a lookup in L2 that has ended. */
export interface L2LookupCompletedMetadata extends L2LookupMetadata {
  /** Chunks found without a gap, from the first on. */
  readonly prefixHitCount: number;
}

/** Metadata of a prefetch's load that has ended. */
export interface L2LoadCompletedMetadata extends L2RequestMetadata {
  /** Chunks brought into L1. */
  readonly loadedCount: number;
  /** Chunks not brought. */
  readonly failedCount: number;
}

/** Metadata of chunks that a prefetch did not bring into L1. */
export interface PrefetchFailedMetadata extends KeysMetadata {
  /** Whether L1 had no room, or the adapter did not deliver. */
  readonly reason: "l1_oom" | "not_found";
}
