import type { KeysMetadata, OperationMetadata } from "./chunk_key.ts";

/** Metadata of a task of an L2 adapter. */
export interface L2TaskMetadata extends OperationMetadata {
  /** The adapter's place among the adapters. */
  readonly adapterIndex: number;
  /** The task's id, of its adapter's own. */
  readonly taskId: number;
  /** The adapter's name, such as `"disk"`. */
  readonly l2Name: string;
}

/** The events of L2, the slower stores behind L1. */
export interface L2Events {
  /** An L2 adapter was given chunks to store. */
  "l2.store.submitted": L2TaskMetadata & {
    /** Keys to store. */
    readonly keyCount: number;
    /** Their bytes. */
    readonly totalBytes: number;
    /** The keys of each tenant. */
    readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
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
