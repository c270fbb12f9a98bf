import type {
  AllocationFailedMetadata,
  EvictionTickMetadata,
  KeysMetadata,
  L2LoadCompletedMetadata,
  L2LoadTaskMetadata,
  L2LookupCompletedMetadata,
  L2LookupMetadata,
  L2RequestMetadata,
  L2StoreCompletedMetadata,
  L2TaskMetadata,
  LookupEndMetadata,
  OperationMetadata,
  OutcomeMetadata,
  PrefetchFailedMetadata,
  ReadFailedMetadata,
  RetrieveEndMetadata,
  StoreEndMetadata,
  TransferMetadata,
} from "./metadata.ts";

/**
 * The events of a key-value cache server for language models: L1 is memory, L2 the slower stores
 * behind it, SM the storage manager above both, MP the server that answers requests.
 *
 * A start and its end share their `sessionId` and, where a session has several operations of a
 * kind, their `operationId`. L2's pairs are distinguished by `requestId`, `adapterIndex` and
 * `taskId`.
 */
export interface KvCacheEvents {
  /** Chunks of L1 are held for reading. */
  "l1.read.reserved": KeysMetadata;
  /** Chunks of L1 were read. */
  "l1.read.finished": KeysMetadata;
  /** Chunks could not be read from L1. */
  "l1.read.failed": ReadFailedMetadata;
  /** Room in L1 is held for writing. */
  "l1.write.reserved": KeysMetadata;
  /** Chunks were written to L1. */
  "l1.write.finished": KeysMetadata;
  /** Chunks were written to L1 and are held for reading at once: a promotion from L2. */
  "l1.write_finished_and_read_reserved": KeysMetadata;
  /** L1 had no room for chunks. */
  "l1.allocation.failed": AllocationFailedMetadata;
  /** Chunks left L1. */
  "l1.keys.evicted": KeysMetadata;
  /** The eviction loop has looked at L1. */
  "l1.eviction.loop_tick": EvictionTickMetadata;
  /** The storage manager has begun to bring chunks into L1. */
  "sm.read.prefetched": OutcomeMetadata;
  /** The storage manager has brought chunks into L1. */
  "sm.read.prefetched_finished": OutcomeMetadata;
  /** The storage manager holds room for writing. */
  "sm.write.reserved": OutcomeMetadata;
  /** The storage manager has written chunks. */
  "sm.write.finished": OutcomeMetadata;
  /** A request begins: the root of its session. */
  "mp.request.start": OperationMetadata | undefined;
  /** A request was answered; what it began may still be under way. */
  "mp.request.end": OperationMetadata | undefined;
  /** A store was put into the queue: the session has not ended before it has. */
  "mp.store.submitted": TransferMetadata;
  /** An engine begins to store chunks. */
  "mp.store.start": TransferMetadata;
  /** An engine has stored chunks. */
  "mp.store.end": StoreEndMetadata;
  /** A retrieve was put into the queue: the session has not ended before it has. */
  "mp.retrieve.submitted": TransferMetadata;
  /** An engine begins to retrieve chunks. */
  "mp.retrieve.start": TransferMetadata;
  /** An engine has retrieved chunks. */
  "mp.retrieve.end": RetrieveEndMetadata;
  /** A lookup begins. */
  "mp.lookup_prefetch.start": OperationMetadata | undefined;
  /** A lookup has ended. */
  "mp.lookup_prefetch.end": LookupEndMetadata;
  /** An L2 adapter was given chunks to store. */
  "l2.store.submitted": L2TaskMetadata;
  /** An L2 adapter has done what it could of a store. */
  "l2.store.completed": L2StoreCompletedMetadata;
  /** L2 is asked for the chunks that L1 lacks. */
  "l2.prefetch.lookup.submitted": L2LookupMetadata;
  /** L2 has said which of the chunks it has. */
  "l2.prefetch.lookup.completed": L2LookupCompletedMetadata;
  /** Chunks are to be loaded from L2 into L1. */
  "l2.prefetch.load.submitted": L2RequestMetadata;
  /** Chunks were loaded from L2 into L1, as far as it worked. */
  "l2.prefetch.load.completed": L2LoadCompletedMetadata;
  /** An L2 adapter was given its part of a load. */
  "l2.load_task.submitted": L2LoadTaskMetadata;
  /**
   * An L2 adapter has ended its part of a load; `keyCount` and `totalBytes` say what it delivered.
   */
  "l2.load_task.completed": L2LoadTaskMetadata;
  /** Chunks that L2 has did not come into L1. */
  "l2.prefetch.failed": PrefetchFailedMetadata;
  /** Chunks left L2. */
  "l2.keys.evicted": KeysMetadata;
}

/** `"l1.read.finished"` becomes `"L1_READ_FINISHED"`. */
type ConstantName<Type extends string> = Type extends `${infer Head}.${infer Tail}`
  ? `${Uppercase<Head>}_${ConstantName<Tail>}`
  : Uppercase<Type>;

/** The event types as constants: `EventType.L1_READ_FINISHED === "l1.read.finished"`. */
export const EventType = {
  L1_READ_RESERVED: "l1.read.reserved",
  L1_READ_FINISHED: "l1.read.finished",
  L1_READ_FAILED: "l1.read.failed",
  L1_WRITE_RESERVED: "l1.write.reserved",
  L1_WRITE_FINISHED: "l1.write.finished",
  L1_WRITE_FINISHED_AND_READ_RESERVED: "l1.write_finished_and_read_reserved",
  L1_ALLOCATION_FAILED: "l1.allocation.failed",
  L1_KEYS_EVICTED: "l1.keys.evicted",
  L1_EVICTION_LOOP_TICK: "l1.eviction.loop_tick",
  SM_READ_PREFETCHED: "sm.read.prefetched",
  SM_READ_PREFETCHED_FINISHED: "sm.read.prefetched_finished",
  SM_WRITE_RESERVED: "sm.write.reserved",
  SM_WRITE_FINISHED: "sm.write.finished",
  MP_REQUEST_START: "mp.request.start",
  MP_REQUEST_END: "mp.request.end",
  MP_STORE_SUBMITTED: "mp.store.submitted",
  MP_STORE_START: "mp.store.start",
  MP_STORE_END: "mp.store.end",
  MP_RETRIEVE_SUBMITTED: "mp.retrieve.submitted",
  MP_RETRIEVE_START: "mp.retrieve.start",
  MP_RETRIEVE_END: "mp.retrieve.end",
  MP_LOOKUP_PREFETCH_START: "mp.lookup_prefetch.start",
  MP_LOOKUP_PREFETCH_END: "mp.lookup_prefetch.end",
  L2_STORE_SUBMITTED: "l2.store.submitted",
  L2_STORE_COMPLETED: "l2.store.completed",
  L2_PREFETCH_LOOKUP_SUBMITTED: "l2.prefetch.lookup.submitted",
  L2_PREFETCH_LOOKUP_COMPLETED: "l2.prefetch.lookup.completed",
  L2_PREFETCH_LOAD_SUBMITTED: "l2.prefetch.load.submitted",
  L2_PREFETCH_LOAD_COMPLETED: "l2.prefetch.load.completed",
  L2_LOAD_TASK_SUBMITTED: "l2.load_task.submitted",
  L2_LOAD_TASK_COMPLETED: "l2.load_task.completed",
  L2_PREFETCH_FAILED: "l2.prefetch.failed",
  L2_KEYS_EVICTED: "l2.keys.evicted",
} as const satisfies {
  readonly [Type in keyof KvCacheEvents as ConstantName<Type>]: Type;
};
Object.freeze(EventType);
