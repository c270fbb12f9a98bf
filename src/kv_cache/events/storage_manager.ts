import type { ChunkKey } from "./chunk_key.ts";

/** Metadata of storage-manager events: which chunks it worked for, and which not. */
export interface OutcomeMetadata {
  /** The chunks it worked for. */
  readonly succeededKeys: readonly ChunkKey[];
  /** The chunks it did not work for. */
  readonly failedKeys: readonly ChunkKey[];
}

/** The events of the storage manager, above L1 and L2: what its callers read and write. */
export interface StorageManagerEvents {
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
}
