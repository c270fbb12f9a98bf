import type { ChunkKey, KeysMetadata, OperationMetadata } from "./chunk_key.ts";

/** Metadata of storage-manager events: which chunks it worked for, and which not. */
export interface OutcomeMetadata {
  /** The chunks it worked for. */
  readonly succeededKeys: readonly ChunkKey[];
  /** The chunks it did not work for. */
  readonly failedKeys: readonly ChunkKey[];
}

/** Metadata of a task of an L2 adapter. */
export interface L2TaskMetadata extends OperationMetadata {
  /** The adapter's place among the adapters. */
  readonly adapterIndex: number;
  /** The task's id, of its adapter's own. */
  readonly taskId: number;
  /** The adapter's name, such as `"disk"`. */
  readonly l2Name: string;
}

/**
 * The events of what chunks lie in: L1, the memory, L2, the slower stores behind it, and SM, the
 * storage manager above both.
 */
export interface StorageEvents {
  /** Chunks of L1 are held for reading. */
  "l1.read.reserved": KeysMetadata;
  /** Chunks of L1 were read, and are no longer held. */
  "l1.read.finished": KeysMetadata;
  /** Chunks that a lookup had found could not be read from L1: a race, never a miss. */
  "l1.read.failed": KeysMetadata & {
    /** What they were read for. */
    readonly during: "l2_store" | "l1_retrieve";
    /** Whether they were not there, or still being written. */
    readonly reason: "not_found" | "write_locked";
  };
  /** Room in L1 is held for writing. */
  "l1.write.reserved": KeysMetadata;
  /** Chunks were written to L1. */
  "l1.write.finished": KeysMetadata & {
    /** How each lies there, in the order of `keys`. */
    readonly meta?:
      | readonly {
        /** Its bytes. */
        readonly sizeBytes: number;
        /** What it lies on: `"dram"`, `"devdax"` or `"gds"`. */
        readonly backend: string;
      }[]
      | undefined;
  };
  /** Chunks were written to L1 and are held for reading at once: a promotion from L2. */
  "l1.write_finished_and_read_reserved": KeysMetadata & {
    /** How each lies there, in the order of `keys`. */
    readonly meta?:
      | readonly {
        /** Its bytes. */
        readonly sizeBytes: number;
        /** What it lies on: `"dram"`, `"devdax"` or `"gds"`. */
        readonly backend: string;
      }[]
      | undefined;
  };
  /** L1 had no room for chunks. */
  "l1.allocation.failed": KeysMetadata & {
    /** What the room was for. */
    readonly during: "l1_store" | "l2_prefetch";
  };
  /** Chunks left L1, evicted or deleted otherwise. */
  "l1.keys.evicted": KeysMetadata & {
    /** How each lies there, in the order of `keys`. */
    readonly meta?:
      | readonly {
        /** Its bytes. */
        readonly sizeBytes: number;
        /** What it lies on: `"dram"`, `"devdax"` or `"gds"`. */
        readonly backend: string;
      }[]
      | undefined;
  };
  /** A request has ended; all that it read and stored, once. */
  "l1.keys.accessed": KeysMetadata;
  /** The eviction loop has looked at L1, about once a second, also when nothing happens. */
  "l1.eviction.loop_tick": {
    /** How full L1 is, from 0 to 1. */
    readonly usage: number;
    /** From where on something has to go, from 0 to 1. */
    readonly watermark: number;
    /** Whether that was reached, and the eviction policy has run. */
    readonly triggered: boolean;
  };
  /** The storage manager has brought chunks into L1, or found them there. */
  "sm.read.prefetched_finished": OutcomeMetadata;
  /** The storage manager holds room for writing. */
  "sm.write.reserved": OutcomeMetadata;
  /** The storage manager has written chunks. */
  "sm.write.finished": OutcomeMetadata;
  /** Stores were added, or their sizes have changed. */
  "sm.capacity.changed": {
    /** The whole topology from now on. */
    readonly snapshot: {
      readonly modules: readonly {
        /** Its tier. */
        readonly tier: "l1" | "l2";
        /** What it is, such as `"dram"` or `"disk"`. */
        readonly backend: string;
        /** How many bytes it holds. */
        readonly capacityBytes: number;
        /** Whether others use it too. */
        readonly shared: boolean;
      }[];
    };
  };
  /** An L2 adapter was given chunks to store. */
  "l2.store.submitted": L2TaskMetadata & {
    /** Keys to store. */
    readonly keyCount: number;
    /** Their bytes. */
    readonly totalBytes: number;
    /** The keys of each tenant. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** The stores of a batch are handed out to L2's adapters: Busbar's own. Each batch is a session. */
  "l2.store.schedule.start": OperationMetadata & {
    /** The `traceparent`s of those who wrote what is in it. */
    readonly writers: readonly string[];
  };
  /** They were handed out: Busbar's own. */
  "l2.store.schedule.end": OperationMetadata & {
    /** Whether it failed. Default: it did not. */
    readonly failed?: boolean | undefined;
  };
  /** An L2 adapter has done what it could of a store. */
  "l2.store.completed": L2TaskMetadata & {
    /** Keys stored. */
    readonly succeededCount: number;
    /** Keys not stored. */
    readonly failedCount: number;
    /** Bytes that were really written: none for what the adapter had already. */
    readonly bytesTransferred: number;
    /** The stored keys of each tenant; absent if none was. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** L2 is asked for the chunks that L1 lacks: once for each request, all adapters together. */
  "l2.prefetch.lookup.submitted": OperationMetadata & {
    /** Names the prefetch in all its events. */
    readonly requestId: string | number;
    /** Keys asked for. */
    readonly keyCount: number;
    /** Adapters that are asked. */
    readonly adapterCount: number;
    /** The keys of each tenant. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** Chunks are to be loaded from L2 into L1: once for each request, all adapters together. */
  "l2.prefetch.load.submitted": OperationMetadata & {
    /** Names the prefetch in all its events. */
    readonly requestId: string | number;
    /** Keys asked for. */
    readonly keyCount: number;
    /** Adapters that are asked. */
    readonly adapterCount: number;
    /** The keys of each tenant. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** Chunks were loaded from L2 into L1, as far as it worked. */
  "l2.prefetch.load.completed": OperationMetadata & {
    /** Names the prefetch in all its events. */
    readonly requestId: string | number;
    /** Keys brought into L1. */
    readonly loadedCount: number;
    /** Keys not brought. */
    readonly failedCount: number;
    /** The loaded keys of each tenant; absent if none was. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** A prefetch took longer than it may; its caller got what was there. */
  "l2.prefetch.deadline": OperationMetadata & {
    /** Names the prefetch in all its events. */
    readonly requestId: string | number;
    /** What it was at. */
    readonly phase: "queued" | "lookup" | "load";
    /** How long it may take, in seconds. */
    readonly budgetSeconds: number;
    /** How long it has taken, in seconds. */
    readonly elapsedSeconds: number;
    /** Chunks that its caller got. */
    readonly retainedChunks: number;
    /** Chunks that its caller did not get. */
    readonly missedChunks: number;
  };
  /** Chunks that L2 has did not come into L1. */
  "l2.prefetch.failed": KeysMetadata & {
    /** Whether L1 had no room, the adapter did not deliver, or what it delivered could not be read. */
    readonly reason: "l1_oom" | "not_found" | "serde_failure";
  };
  /** An L2 adapter was given its part of a load. */
  "l2.load_task.submitted": L2TaskMetadata & {
    /** The prefetch that the load belongs to. */
    readonly requestId: string | number;
    /** Keys to load. */
    readonly keyCount: number;
    /** Their bytes. */
    readonly totalBytes: number;
  };
  /** An L2 adapter has ended its part of a load. */
  "l2.load_task.completed": L2TaskMetadata & {
    /** The prefetch that the load belongs to. */
    readonly requestId: string | number;
    /** Bytes that were really read; all that were asked for if it is absent. */
    readonly bytesTransferred?: number | undefined;
  };
  /** Chunks left L2. */
  "l2.keys.evicted": {
    /** How many keys. */
    readonly keyCount: number;
    /** The keys of each tenant. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
  };
  /** An adapter has stored keys. */
  "l2.keys.stored": KeysMetadata & {
    /** What the adapter is, such as `"disk"`. */
    readonly backend: string;
    /** Whether others use its store too. */
    readonly shared?: boolean | undefined;
    /** The bytes of each, in the order of `keys`. */
    readonly sizes: readonly number[];
  };
  /** An adapter was asked for keys that it has. */
  "l2.keys.accessed": KeysMetadata & {
    /** What the adapter is, such as `"disk"`. */
    readonly backend: string;
    /** Whether others use its store too. */
    readonly shared?: boolean | undefined;
  };
  /** An adapter has deleted keys. */
  "l2.keys.deleted": KeysMetadata & {
    /** What the adapter is, such as `"disk"`. */
    readonly backend: string;
    /** Whether others use its store too. */
    readonly shared?: boolean | undefined;
  };
}
