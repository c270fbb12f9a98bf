import type { KeyCountPerSalt, KeysMetadata, OperationMetadata } from "./chunk_key.ts";

/** Metadata of a task of an L2 adapter. */
export interface L2TaskMetadata extends OperationMetadata {
  /** The adapter's place among the adapters. */
  readonly adapterIndex: number;
  /** The task's id, of its adapter's own. */
  readonly taskId: number;
  /** The adapter's name, such as `"disk"`. */
  readonly l2Name: string;
}

/** Metadata of a store that an L2 adapter was given. */
export interface L2StoreSubmittedMetadata extends L2TaskMetadata {
  /** Keys to store. */
  readonly keyCount: number;
  /** Their bytes. */
  readonly totalBytes: number;
  /** The keys of each tenant. */
  readonly keyCountPerSalt?: KeyCountPerSalt | undefined;
}

/** Metadata of a store to L2 that has ended. */
export interface L2StoreCompletedMetadata extends L2TaskMetadata {
  /** Keys stored. */
  readonly succeededCount: number;
  /** Keys not stored. */
  readonly failedCount: number;
  /** Bytes that were really written: none for what the adapter had already. */
  readonly bytesTransferred: number;
  /** The stored keys of each tenant; absent if none was. */
  readonly keyCountPerSalt?: KeyCountPerSalt | undefined;
}

/** Metadata of one request's part in a load from L2. */
export interface L2LoadTaskMetadata extends L2TaskMetadata {
  /** The prefetch that the load belongs to. */
  readonly requestId: string | number;
}

/** Metadata of a load that an L2 adapter was given. */
export interface L2LoadTaskSubmittedMetadata extends L2LoadTaskMetadata {
  /** Keys to load. */
  readonly keyCount: number;
  /** Their bytes. */
  readonly totalBytes: number;
}

/** Metadata of a load from L2 that has ended. */
export interface L2LoadTaskCompletedMetadata extends L2LoadTaskMetadata {
  /** Bytes that were really read. Default: all that were asked for. */
  readonly bytesTransferred?: number | undefined;
}

/** Metadata of what a prefetch asks L2 for. */
export interface L2PrefetchMetadata extends OperationMetadata {
  /** Names the prefetch in all its events. */
  readonly requestId: string | number;
  /** Keys asked for. */
  readonly keyCount: number;
  /** Adapters that are asked. */
  readonly adapterCount: number;
  /** The keys of each tenant. */
  readonly keyCountPerSalt?: KeyCountPerSalt | undefined;
}

/** Metadata of a prefetch's load that has ended. */
export interface L2LoadCompletedMetadata extends OperationMetadata {
  /** Names the prefetch in all its events. */
  readonly requestId: string | number;
  /** Keys brought into L1. */
  readonly loadedCount: number;
  /** Keys not brought. */
  readonly failedCount: number;
  /** The loaded keys of each tenant; absent if none was. */
  readonly keyCountPerSalt?: KeyCountPerSalt | undefined;
}

/** Metadata of a prefetch that took longer than it may. */
export interface L2DeadlineMetadata extends OperationMetadata {
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
}

/** Metadata of chunks that a prefetch did not bring into L1. */
export interface PrefetchFailedMetadata extends KeysMetadata {
  /** Whether L1 had no room, the adapter did not deliver, or what it delivered could not be read. */
  readonly reason: "l1_oom" | "not_found" | "serde_failure";
}

/** Metadata of chunks that left L2. */
export interface L2EvictedMetadata {
  /** How many keys. */
  readonly keyCount: number;
  /** The keys of each tenant. */
  readonly keyCountPerSalt?: KeyCountPerSalt | undefined;
}

/** Metadata of what an adapter says about its keys. */
export interface L2KeysMetadata extends KeysMetadata {
  /** What the adapter is, such as `"disk"`. */
  readonly backend: string;
  /** Whether others use its store too. */
  readonly shared?: boolean | undefined;
}

/** Metadata of keys that an adapter has stored. */
export interface L2KeysStoredMetadata extends L2KeysMetadata {
  /** The bytes of each, in the order of `keys`. */
  readonly sizes: readonly number[];
}

/** The events of L2, the slower stores behind L1. */
export interface L2Events {
  /** An L2 adapter was given chunks to store. */
  "l2.store.submitted": L2StoreSubmittedMetadata;
  /** An L2 adapter has done what it could of a store. */
  "l2.store.completed": L2StoreCompletedMetadata;
  /** L2 is asked for the chunks that L1 lacks: once for each request, all adapters together. */
  "l2.prefetch.lookup.submitted": L2PrefetchMetadata;
  /** Chunks are to be loaded from L2 into L1: once for each request, all adapters together. */
  "l2.prefetch.load.submitted": L2PrefetchMetadata;
  /** Chunks were loaded from L2 into L1, as far as it worked. */
  "l2.prefetch.load.completed": L2LoadCompletedMetadata;
  /** A prefetch took longer than it may; its caller got what was there. */
  "l2.prefetch.deadline": L2DeadlineMetadata;
  /** Chunks that L2 has did not come into L1. */
  "l2.prefetch.failed": PrefetchFailedMetadata;
  /** An L2 adapter was given its part of a load. */
  "l2.load_task.submitted": L2LoadTaskSubmittedMetadata;
  /** An L2 adapter has ended its part of a load. */
  "l2.load_task.completed": L2LoadTaskCompletedMetadata;
  /** Chunks left L2. */
  "l2.keys.evicted": L2EvictedMetadata;
  /** An adapter has stored keys. */
  "l2.keys.stored": L2KeysStoredMetadata;
  /** An adapter was asked for keys that it has. */
  "l2.keys.accessed": L2KeysMetadata;
  /** An adapter has deleted keys. */
  "l2.keys.deleted": L2KeysMetadata;
}
