import type { OperationMetadata } from "./chunk_key.ts";

/** The events of CacheBlend, which also uses what is no prefix. */
export interface BlendEvents {
  /** A request is looked up for the first time. */
  "cb.request.start": OperationMetadata | undefined;
  /** A request has ended: with its lookup if nothing is to be retrieved, else with its last retrieve. */
  "cb.request.end": OperationMetadata | undefined;
  /** A lookup begins. */
  "cb.lookup.start": OperationMetadata & { readonly numTokens: number };
  /** A lookup has ended. */
  "cb.lookup.end": OperationMetadata & {
    /** Tokens of the prompt. */
    readonly numTokens: number;
    /** Tokens asked for, in whole chunks. */
    readonly requestedTokens: number;
    /** Tokens found: the three parts below together. */
    readonly hitTokens: number;
    /** Tokens found from the prompt's beginning on. */
    readonly prefixHitTokens: number;
    /** Tokens found from a segment's beginning on. */
    readonly segmentedPrefixHitTokens: number;
    /** Tokens found elsewhere. */
    readonly nonPrefixHitTokens: number;
    /** Chunks found from the prompt's beginning on. */
    readonly prefixHits?: number | undefined;
    /** Chunks that were looked for from the prompt's beginning on. */
    readonly prefixChunks?: number | undefined;
    /** Chunks found by their fingerprint. */
    readonly fingerprintHits?: number | undefined;
    /** Chunks found in storage. */
    readonly storageHits?: number | undefined;
    /** Chunks that were found, and are no longer there. */
    readonly staleChunks?: number | undefined;
    /** Whether nothing was looked up, for the engine is not known. */
    readonly noGpuContext?: boolean | undefined;
  };
  /** The fingerprints known here are searched. */
  "cb.fingerprint_match.start": OperationMetadata | undefined;
  /** The fingerprints known here were searched. */
  "cb.fingerprint_match.end": OperationMetadata & {
    /** How many were found. */
    readonly matches: number;
  };
  /** The prompt's prefix is looked up. */
  "cb.prefix_lookup.start": OperationMetadata | undefined;
  /** The prompt's prefix was looked up, waits included. */
  "cb.prefix_lookup.end": OperationMetadata & { readonly prefixChunks: number };
  /** The fleet's directory is asked. */
  "cb.coordinator_match.start": OperationMetadata | undefined;
  /** The fleet's directory has answered, or has not in time. */
  "cb.coordinator_match.end": OperationMetadata & {
    /** How many were found. */
    readonly matches: number;
    /** Whether it was given up at its deadline, with no match. */
    readonly timedOut: boolean;
  };
  /** Chunks that stand here and there are fetched, some from L2. */
  "cb.sparse_prefetch.start": OperationMetadata & {
    /** Chunks to fetch. */
    readonly nChunks: number;
    /** Ranks of the model. */
    readonly worldSize: number;
    /** Keys to fetch. */
    readonly nKeys: number;
    /** Those of them that L2 is asked for. */
    readonly l2Keys: number;
  };
  /** Chunks that stand here and there were fetched. */
  "cb.sparse_prefetch.end": OperationMetadata & {
    /** Keys found. */
    readonly foundKeys: number;
    /** Keys that L2 was asked for. */
    readonly l2Keys: number;
  };
  /** A retrieve was put into the queue: the session has not ended before it has. */
  "cb.retrieve.submitted": OperationMetadata & {
    /** The worker's id: each rank has a retrieve of its own. */
    readonly workerId?: string | number | undefined;
    /** The engine. */
    readonly instanceId: string | number;
  };
  /** A worker begins to retrieve chunks. */
  "cb.retrieve.start": OperationMetadata & {
    /** The worker's id: each rank has a retrieve of its own. */
    readonly workerId?: string | number | undefined;
    /** Chunks to retrieve. */
    readonly numChunks: number;
    /** The model's name. */
    readonly modelName: string;
  };
  /** A worker has retrieved chunks, or has failed to. */
  "cb.retrieve.end": OperationMetadata & {
    /** The worker's id: each rank has a retrieve of its own. */
    readonly workerId?: string | number | undefined;
    /** Whether it worked. */
    readonly success: boolean;
  };
  /** Tokens are put into their places, within a retrieve. */
  "cb.scatter.start": OperationMetadata & {
    /** The worker's id: each rank has a retrieve of its own. */
    readonly workerId?: string | number | undefined;
    /** Tokens to put into their places. */
    readonly scatteredTokens: number;
    /** Chunks of the prefix. */
    readonly nPrefix: number;
    /** Chunks that stand elsewhere than where they were computed. */
    readonly nShifted: number;
    /** Chunks left out. */
    readonly dropped: number;
  };
  /** Tokens were put into their places. */
  "cb.scatter.end": OperationMetadata & {
    /** The worker's id: each rank has a retrieve of its own. */
    readonly workerId?: string | number | undefined;
    /** Whether it worked. */
    readonly success: boolean;
  };
  /** A retrieve had nothing to do, though there was something to use. */
  "cb.retrieve.noop": OperationMetadata & {
    /** Why: `"no_object_keys"`, `"beyond_slot_bound"`, `"matches_straddle_alloc"`. */
    readonly reason: string;
    /** Matches that were not used. */
    readonly droppedMatches: number;
  };
  /** Fingerprints of new chunks are known. */
  "cb.fingerprints.registered": { readonly numChunks: number; readonly numTokens: number };
  /** Fingerprints of chunks that are gone were dropped. */
  "cb.chunks.evicted": { readonly numChunks: number };
}
