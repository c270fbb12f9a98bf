/** Names one block of a key-value cache. */
export interface ObjectKey {
  /** The hash of the block's tokens and of all before them. */
  readonly chunkHash: number | string;
  /** The model that the block was computed by. */
  readonly modelName: string;
  /** Keeps tenants apart: blocks are shared only within one salt. */
  readonly cacheSalt: string;
}

/** Metadata of events about a set of blocks. */
export interface KeysMetadata {
  /** The blocks, each once. */
  readonly keys: readonly ObjectKey[];
}

/** Metadata of storage-manager events: which blocks it worked for, and which not. */
export interface OutcomeMetadata {
  /** The blocks it worked for. */
  readonly succeededKeys: readonly ObjectKey[];
  /** The blocks it did not work for. */
  readonly failedKeys: readonly ObjectKey[];
}

/** Metadata of a transfer between an engine and the cache. */
export interface TransferMetadata {
  /** The device that the engine holds its blocks on, such as `"cuda:0"`. */
  readonly device: string;
  /** The engine's id. */
  readonly engineId: string;
  /** The model's name. */
  readonly modelName: string;
}

/** Metadata of the end of a store. */
export interface StoreEndMetadata extends TransferMetadata {
  /** Blocks stored. */
  readonly storedCount: number;
  /** Bytes stored. */
  readonly totalBytes: number;
}

/** Metadata of the end of a retrieve. */
export interface RetrieveEndMetadata extends TransferMetadata {
  /** Blocks retrieved. */
  readonly retrievedCount: number;
  /** The tenant's salt. */
  readonly cacheSalt: string;
  /** Bytes retrieved. */
  readonly totalBytes: number;
}

/** Metadata of the end of a lookup. */
export interface LookupEndMetadata {
  /** Blocks found. */
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

/**
 * The events of a key-value cache server for language models: L1 is memory, L2 the slower stores
 * behind it, SM the storage manager above both, MP the server that answers requests.
 */
export interface KvCacheEvents {
  /** Blocks of L1 are held for reading. */
  "l1.read.reserved": KeysMetadata;
  /** Blocks of L1 were read. */
  "l1.read.finished": KeysMetadata;
  /** Room in L1 is held for writing. */
  "l1.write.reserved": KeysMetadata;
  /** Blocks were written to L1. */
  "l1.write.finished": KeysMetadata;
  /** Blocks were written to L1 and are held for reading at once: a promotion from L2. */
  "l1.write_finished_and_read_reserved": KeysMetadata;
  /** Blocks left L1. */
  "l1.keys.evicted": KeysMetadata;
  /** The storage manager has begun to bring blocks into L1. */
  "sm.read.prefetched": OutcomeMetadata;
  /** The storage manager has brought blocks into L1. */
  "sm.read.prefetched_finished": OutcomeMetadata;
  /** The storage manager holds room for writing. */
  "sm.write.reserved": OutcomeMetadata;
  /** The storage manager has written blocks. */
  "sm.write.finished": OutcomeMetadata;
  /** An engine begins to store blocks. */
  "mp.store.start": TransferMetadata;
  /** An engine has stored blocks. */
  "mp.store.end": StoreEndMetadata;
  /** An engine begins to retrieve blocks. */
  "mp.retrieve.start": TransferMetadata;
  /** An engine has retrieved blocks. */
  "mp.retrieve.end": RetrieveEndMetadata;
  /** A lookup begins. */
  "mp.lookup_prefetch.start": undefined;
  /** A lookup has ended. */
  "mp.lookup_prefetch.end": LookupEndMetadata;
}

/** The event types as constants: `EventType.L1_READ_FINISHED === "l1.read.finished"`. */
export const EventType: {
  readonly L1_READ_RESERVED: "l1.read.reserved";
  readonly L1_READ_FINISHED: "l1.read.finished";
  readonly L1_WRITE_RESERVED: "l1.write.reserved";
  readonly L1_WRITE_FINISHED: "l1.write.finished";
  readonly L1_WRITE_FINISHED_AND_READ_RESERVED: "l1.write_finished_and_read_reserved";
  readonly L1_KEYS_EVICTED: "l1.keys.evicted";
  readonly SM_READ_PREFETCHED: "sm.read.prefetched";
  readonly SM_READ_PREFETCHED_FINISHED: "sm.read.prefetched_finished";
  readonly SM_WRITE_RESERVED: "sm.write.reserved";
  readonly SM_WRITE_FINISHED: "sm.write.finished";
  readonly MP_STORE_START: "mp.store.start";
  readonly MP_STORE_END: "mp.store.end";
  readonly MP_RETRIEVE_START: "mp.retrieve.start";
  readonly MP_RETRIEVE_END: "mp.retrieve.end";
  readonly MP_LOOKUP_PREFETCH_START: "mp.lookup_prefetch.start";
  readonly MP_LOOKUP_PREFETCH_END: "mp.lookup_prefetch.end";
} = Object.freeze({
  L1_READ_RESERVED: "l1.read.reserved",
  L1_READ_FINISHED: "l1.read.finished",
  L1_WRITE_RESERVED: "l1.write.reserved",
  L1_WRITE_FINISHED: "l1.write.finished",
  L1_WRITE_FINISHED_AND_READ_RESERVED: "l1.write_finished_and_read_reserved",
  L1_KEYS_EVICTED: "l1.keys.evicted",
  SM_READ_PREFETCHED: "sm.read.prefetched",
  SM_READ_PREFETCHED_FINISHED: "sm.read.prefetched_finished",
  SM_WRITE_RESERVED: "sm.write.reserved",
  SM_WRITE_FINISHED: "sm.write.finished",
  MP_STORE_START: "mp.store.start",
  MP_STORE_END: "mp.store.end",
  MP_RETRIEVE_START: "mp.retrieve.start",
  MP_RETRIEVE_END: "mp.retrieve.end",
  MP_LOOKUP_PREFETCH_START: "mp.lookup_prefetch.start",
  MP_LOOKUP_PREFETCH_END: "mp.lookup_prefetch.end",
});
