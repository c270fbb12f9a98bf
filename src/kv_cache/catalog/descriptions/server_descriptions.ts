import type { ServerEvents } from "../../events/server.ts";
import {
  BYTES,
  cacheSalt,
  CHUNKS,
  type Descriptions,
  modelName,
  operation,
  TOKENS,
} from "./fields.ts";

const submitted = {
  ...operation,
  device: { description: "The device that the engine holds its chunks on" },
  transferKey: {
    description: "LMCache's id of the transfer; without one, the operation id is",
  },
};
const transfer = {
  ...submitted,
  engineId: { description: "The engine's id; a scrape calls it worker_id or engine_id" },
  ...modelName,
};
const chunkHashes = { chunkHashes: { description: "The hash of each chunk" } };

/** What the server's events mean. */
export const SERVER_DESCRIPTIONS: Descriptions<ServerEvents> = {
  "mp.request.start": {
    description: "A request begins: the root of its session",
    metadata: operation,
  },
  "mp.request.end": {
    description: "A request was answered; what it began may still be under way",
    metadata: operation,
  },
  "mp.lookup_prefetch.start": { description: "A lookup begins", metadata: operation },
  "mp.lookup_prefetch.end": {
    description: "A lookup has ended, and brought what it found into L1",
    metadata: {
      ...operation,
      ...modelName,
      ...cacheSalt,
      foundCount: { description: "Chunks found, from the first without a gap", unit: CHUNKS },
      requestedTokens: {
        description: "Tokens that the request asked for, in whole chunks",
        unit: TOKENS,
      },
      hitTokens: { description: "Tokens of the chunks found", unit: TOKENS },
      l1HitTokens: { description: "Tokens of the prefix that L1 has without L2", unit: TOKENS },
      l2HitTokens: { description: "Tokens found after that prefix", unit: TOKENS },
      l1HitKeys: {
        description: "Keys found in L1, of each rank and object group",
        unit: CHUNKS,
      },
      l2HitKeys: {
        description: "Keys found in L2, of each rank and object group",
        unit: CHUNKS,
      },
      earlyExitReason: {
        description: "Why nothing was looked up: no_gpu_context, no_group_layout_descs or " +
          "empty_chunk_hashes; empty if it was",
      },
    },
  },
  "mp.store.submitted": { description: "A store was put into the queue", metadata: submitted },
  "mp.store.start": { description: "An engine begins to store chunks", metadata: transfer },
  "mp.store.end": {
    description: "An engine has stored chunks, all or none",
    metadata: {
      ...transfer,
      storedCount: { description: "Chunks stored", unit: CHUNKS },
      totalBytes: { description: "Bytes stored", unit: BYTES },
      numTokens: { description: "Tokens stored", unit: TOKENS },
    },
  },
  "mp.retrieve.submitted": {
    description: "A retrieve was put into the queue",
    metadata: submitted,
  },
  "mp.retrieve.start": { description: "An engine begins to retrieve chunks", metadata: transfer },
  "mp.retrieve.end": {
    description: "An engine has retrieved chunks, or has failed to",
    metadata: {
      ...transfer,
      ...cacheSalt,
      retrievedCount: { description: "Chunks retrieved", unit: CHUNKS },
      totalBytes: { description: "Bytes retrieved; 0 unless all of it worked", unit: BYTES },
      numTokens: { description: "Tokens retrieved; 0 unless all of it worked", unit: TOKENS },
    },
  },
  "mp.transfer.phase_samples": {
    description: "The steps of transfers as their devices have timed them, after the end of one",
    metadata: {
      samples: {
        description:
          "Of each step phase, direction, deviceIndex, elapsedMs, nbytes, transferKey, " +
          "startTimeS and endTimeS",
      },
      endedTransferKey: { description: "The transfer that has ended" },
    },
  },
  "mp.lookup": {
    description: "What a lookup asks for, where someone listens",
    metadata: {
      requestId: { description: "The request's id" },
      ...chunkHashes,
      ...modelName,
      chunkSize: { description: "Tokens of a chunk", unit: TOKENS },
      seqLen: { description: "Tokens of the prompt", unit: TOKENS },
      dtypes: { description: "The data type of each layer group" },
      shapes: { description: "The shape of each layer group" },
    },
  },
  "mp.tokens": {
    description: "The tokens of chunks, before they are written, where someone listens",
    metadata: {
      ...chunkHashes,
      tokenChunks: { description: "The tokens of each" },
      tokenOffsets: { description: "Where each begins in its prompt", unit: TOKENS },
    },
  },
  "mp.vllm.block_allocation": {
    description: "An engine has given blocks of its device's memory to requests",
    metadata: {
      instanceId: { description: "The engine" },
      ...modelName,
      records: { description: "Of each request reqId, newBlockIds and newTokenIds" },
    },
  },
  "mp.vllm.end_session": {
    description: "A request of an engine has ended, and its blocks are free",
    metadata: { requestId: { description: "The request's id" } },
  },
  "timeout.raised": {
    description: "An error was made that says that something took too long",
    metadata: {
      message: { description: "What the error says" },
      exceptionType: { description: "The error's class" },
      stacktrace: { description: "Where it was made" },
    },
  },
};
