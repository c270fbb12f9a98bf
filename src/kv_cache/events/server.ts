import type { ChunkKey, OperationMetadata } from "./chunk_key.ts";

/** Metadata of a transfer between an engine and the cache. */
export interface TransferMetadata extends OperationMetadata {
  /** The device that the engine holds its chunks on, such as `"cuda:0"`. */
  readonly device: string;
  /** LMCache's id of the transfer; without one, the `operationId` is. */
  readonly transferKey?: string | undefined;
  /** The engine's id. */
  readonly engineId: string | number;
  /** The model's name. */
  readonly modelName: string;
}

/** One step of a transfer, as its device has timed it. */
export interface PhaseSample {
  /** `"kernel"`, the gathering or scattering on the device, or `"staging"`, the copy over the bus. */
  readonly phase: string;
  /** `"d2h"`, from the device, or `"h2d"`, to it. */
  readonly direction: string | number;
  /** The device's place among the devices. */
  readonly deviceIndex: number;
  /** How long it took, by the device's clock, in milliseconds. */
  readonly elapsedMs: number;
  /** How many bytes were moved. */
  readonly nbytes: number;
  /** The transfer that it belongs to: the `operationId` of its start and end. */
  readonly transferKey: string;
  /** When it began, by the wall clock, in seconds since the epoch. */
  readonly startTimeS: number;
  /** When it ended, by the wall clock, in seconds since the epoch. */
  readonly endTimeS: number;
}

/** The events of the server that engines talk to, and of the engines. */
export interface ServerEvents {
  /** A request begins: the root of its session. A store alone has none. */
  "mp.request.start": OperationMetadata | undefined;
  /** A request was answered; what it began may still be under way. */
  "mp.request.end": OperationMetadata | undefined;
  /** A lookup begins. */
  "mp.lookup_prefetch.start": OperationMetadata | undefined;
  /** A lookup has ended; one that is given up has no such event. */
  "mp.lookup_prefetch.end": OperationMetadata & {
    /** Chunks found: a prefix without a gap, each once, whatever the number of ranks. */
    readonly foundCount: number;
    /** Tokens that the request asked for, in whole chunks. */
    readonly requestedTokens: number;
    /** Tokens of the chunks found: `l1HitTokens` and `l2HitTokens` together. */
    readonly hitTokens: number;
    /** Tokens of the prefix that L1 has without L2. */
    readonly l1HitTokens: number;
    /** Tokens of what is found after that prefix. */
    readonly l2HitTokens: number;
    /** Keys found in L1: of each rank and object group, also after a chunk that L2 has. */
    readonly l1HitKeys: number;
    /** Keys found in L2. */
    readonly l2HitKeys: number;
    /**
     * Why nothing was looked up, all counts being 0: `"no_gpu_context"` and `"no_group_layout_descs"`,
     * the model or its layout is not registered; `"empty_chunk_hashes"`, the prompt is shorter than a
     * chunk. `""` if it was, also when nothing was found.
     */
    readonly earlyExitReason: string;
    /** The model's name. */
    readonly modelName: string;
    /** The tenant's salt. */
    readonly cacheSalt: string;
  };
  /** A store was put into the queue: the session has not ended before it has. */
  "mp.store.submitted": OperationMetadata & {
    /** The device that the engine holds its chunks on, such as `"cuda:0"`. */
    readonly device: string;
    /** LMCache's id of the transfer; without one, the `operationId` is. */
    readonly transferKey?: string | undefined;
  };
  /** An engine begins to store chunks. */
  "mp.store.start": TransferMetadata;
  /** An engine has stored chunks, or has failed to. */
  "mp.store.end": TransferMetadata & {
    /** Chunks stored; 0 if it failed. */
    readonly storedCount: number;
    /** Bytes stored; 0 if it failed. */
    readonly totalBytes: number;
    /** Tokens stored; 0 if it failed. */
    readonly numTokens: number;
  };
  /** A retrieve was put into the queue: the session has not ended before it has. */
  "mp.retrieve.submitted": OperationMetadata & {
    /** The device that the engine holds its chunks on, such as `"cuda:0"`. */
    readonly device: string;
    /** LMCache's id of the transfer; without one, the `operationId` is. */
    readonly transferKey?: string | undefined;
  };
  /** An engine begins to retrieve chunks. */
  "mp.retrieve.start": TransferMetadata;
  /** An engine has retrieved chunks, or has failed to. */
  "mp.retrieve.end": TransferMetadata & {
    /** The tenant's salt. */
    readonly cacheSalt: string;
    /** Chunks retrieved. */
    readonly retrievedCount: number;
    /** Bytes retrieved; 0 unless all of it worked. */
    readonly totalBytes: number;
    /** Tokens retrieved; 0 unless all of it worked. */
    readonly numTokens: number;
  };
  /** The steps of transfers, after the end of one. */
  "mp.transfer.phase_samples": {
    /** The steps since the last such event; there may be none. */
    readonly samples: readonly PhaseSample[];
    /** The transfer that has ended before this event. */
    readonly endedTransferKey: string;
  };
  /** What a lookup asks for; publish it only if someone listens. */
  "mp.lookup": {
    /** The request's id. */
    readonly requestId: string;
    /** The hash of each chunk of the prompt. */
    readonly chunkHashes: readonly ChunkKey["chunkHash"][];
    /** The model's name. */
    readonly modelName: string;
    /** Tokens of a chunk. */
    readonly chunkSize: number;
    /** Tokens of the prompt. */
    readonly seqLen: number;
    /** The data type of each layer group. */
    readonly dtypes: readonly string[];
    /** The shape of each layer group. */
    readonly shapes: readonly (readonly number[])[];
  };
  /** The tokens of chunks, before they are written; publish it only if someone listens. */
  "mp.tokens": {
    /** The hash of each chunk. */
    readonly chunkHashes: readonly ChunkKey["chunkHash"][];
    /** The tokens of each. */
    readonly tokenChunks: readonly (readonly number[])[];
    /** Where each begins in its prompt. */
    readonly tokenOffsets: readonly number[];
  };
  /** An engine has given blocks of its device's memory to requests. */
  "mp.vllm.block_allocation": {
    /** The engine. */
    readonly instanceId: string | number;
    /** The model's name. */
    readonly modelName: string;
    /** The requests that were given some. */
    readonly records: readonly {
      /** The request's id. */
      readonly reqId: string;
      /** The blocks of the device's memory that are new to it. */
      readonly newBlockIds: readonly number[];
      /** The tokens in them, in their order. */
      readonly newTokenIds: readonly number[];
    }[];
  };
  /** A request of an engine has ended, and its blocks are free. */
  "mp.vllm.end_session": { readonly requestId: string };
  /** An error was made that says that something took too long. */
  "timeout.raised": {
    /** What the error says. */
    readonly message: string;
    /** The error's class. */
    readonly exceptionType: string;
    /** Where it was made. */
    readonly stacktrace: string;
  };
}
