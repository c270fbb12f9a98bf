import type { KeysMetadata } from "./chunk_key.ts";

/** The events of L1, the memory. */
export interface L1Events {
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
}
