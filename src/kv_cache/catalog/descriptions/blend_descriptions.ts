import type { BlendEvents } from "../../events/blend.ts";
import { CHUNKS, type Descriptions, modelName, operation, TOKENS } from "./fields.ts";

const worker = {
  ...operation,
  workerId: { description: "The worker: each rank retrieves on its own" },
};
const success = { success: { description: "Whether it worked" } };
const matches = { matches: { description: "How many were found" } };
const l2Keys = { l2Keys: { description: "Keys that L2 is asked for", unit: CHUNKS } };
const numChunks = { numChunks: { description: "How many chunks", unit: CHUNKS } };
const numTokens = { numTokens: { description: "How many tokens", unit: TOKENS } };

/** What CacheBlend's events mean. */
export const BLEND_DESCRIPTIONS: Descriptions<BlendEvents> = {
  "cb.request.start": {
    description: "A request is looked up by CacheBlend for the first time",
    metadata: operation,
  },
  "cb.request.end": {
    description: "A request has ended: with its lookup, or with its last retrieve",
    metadata: operation,
  },
  "cb.lookup.start": { description: "A lookup begins", metadata: { ...operation, ...numTokens } },
  "cb.lookup.end": {
    description: "A lookup has ended",
    metadata: {
      ...operation,
      ...numTokens,
      requestedTokens: { description: "Tokens asked for, in whole chunks", unit: TOKENS },
      hitTokens: { description: "Tokens found: the three kinds together", unit: TOKENS },
      prefixHitTokens: { description: "Tokens found from the prompt's beginning on", unit: TOKENS },
      segmentedPrefixHitTokens: {
        description: "Tokens found from a segment's beginning on",
        unit: TOKENS,
      },
      nonPrefixHitTokens: { description: "Tokens found elsewhere", unit: TOKENS },
      prefixHits: { description: "Chunks found from the prompt's beginning on", unit: CHUNKS },
      prefixChunks: {
        description: "Chunks looked for from the prompt's beginning on",
        unit: CHUNKS,
      },
      fingerprintHits: { description: "Chunks found by their fingerprint", unit: CHUNKS },
      storageHits: { description: "Chunks found in storage", unit: CHUNKS },
      staleChunks: {
        description: "Chunks that were found, and are no longer there",
        unit: CHUNKS,
      },
      noGpuContext: {
        description: "Whether nothing was looked up, for the engine is not known",
      },
    },
  },
  "cb.fingerprint_match.start": {
    description: "The fingerprints known here are searched",
    metadata: operation,
  },
  "cb.fingerprint_match.end": {
    description: "The fingerprints known here were searched",
    metadata: { ...operation, ...matches },
  },
  "cb.prefix_lookup.start": {
    description: "The prompt's prefix is looked up",
    metadata: operation,
  },
  "cb.prefix_lookup.end": {
    description: "The prompt's prefix was looked up, waits included",
    metadata: { ...operation, prefixChunks: { description: "Chunks found", unit: CHUNKS } },
  },
  "cb.coordinator_match.start": {
    description: "The fleet's directory is asked",
    metadata: operation,
  },
  "cb.coordinator_match.end": {
    description: "The fleet's directory has answered, or has not in time",
    metadata: {
      ...operation,
      ...matches,
      timedOut: { description: "Whether it was given up at its deadline, with no match" },
    },
  },
  "cb.sparse_prefetch.start": {
    description: "Chunks that stand here and there are fetched, some from L2",
    metadata: {
      ...operation,
      nChunks: { description: "Chunks to fetch", unit: CHUNKS },
      worldSize: { description: "Ranks of the model" },
      nKeys: { description: "Keys to fetch", unit: CHUNKS },
      ...l2Keys,
    },
  },
  "cb.sparse_prefetch.end": {
    description: "Chunks that stand here and there were fetched",
    metadata: {
      ...operation,
      foundKeys: { description: "Keys found", unit: CHUNKS },
      ...l2Keys,
    },
  },
  "cb.retrieve.submitted": {
    description: "A retrieve was put into the queue",
    metadata: { ...worker, instanceId: { description: "The engine" } },
  },
  "cb.retrieve.start": {
    description: "A worker begins to retrieve chunks",
    metadata: { ...worker, ...numChunks, ...modelName },
  },
  "cb.retrieve.end": {
    description: "A worker has retrieved chunks, or has failed to",
    metadata: { ...worker, ...success },
  },
  "cb.scatter.start": {
    description: "Tokens are put into their places, within a retrieve",
    metadata: {
      ...worker,
      scatteredTokens: { description: "How many tokens", unit: TOKENS },
      nPrefix: { description: "Chunks of the prefix", unit: CHUNKS },
      nShifted: {
        description: "Chunks that stand elsewhere than where they were computed",
        unit: CHUNKS,
      },
      dropped: { description: "Chunks left out", unit: CHUNKS },
    },
  },
  "cb.scatter.end": {
    description: "Tokens were put into their places",
    metadata: { ...worker, ...success },
  },
  "cb.retrieve.noop": {
    description: "A retrieve had nothing to do, though there was something to use",
    metadata: {
      ...operation,
      reason: { description: "no_object_keys, beyond_slot_bound or matches_straddle_alloc" },
      droppedMatches: { description: "Matches that were not used" },
    },
  },
  "cb.fingerprints.registered": {
    description: "Fingerprints of new chunks are known",
    metadata: { ...numChunks, ...numTokens },
  },
  "cb.chunks.evicted": {
    description: "Fingerprints of chunks that are gone were dropped",
    metadata: numChunks,
  },
};
