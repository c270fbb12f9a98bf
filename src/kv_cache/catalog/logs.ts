import type { EventAttributes } from "../../catalog/attributes.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import type { ChunkKey, KeysMetadata } from "../events/chunk_key.ts";
import type { OutcomeMetadata } from "../events/storage.ts";

/**
 * Failures are warnings, what a request has found and moved is information, the rest is for debugging.
 * Chunks are counted, not listed: a record of
 * hundreds of hashes helps nobody.
 */
export function kvCacheLogs(): NonNullable<Catalog<KvCacheEvents>["logs"]> {
  const keys = {
    level: "debug",
    attributes: ({ metadata }: { metadata: KeysMetadata }) => counts(metadata),
  } as const;
  const outcome = {
    level: ({ metadata }: { metadata: OutcomeMetadata }) =>
      metadata.failedKeys.length > 0 ? "warn" : "debug",
    attributes: ({ metadata }: { metadata: OutcomeMetadata }) => outcomes(metadata),
  } as const;
  const plain = { level: "debug" } as const;
  const succeeded = {
    level: ({ metadata }: { metadata: { readonly success: boolean } }) =>
      metadata.success === false ? "warn" : "debug",
  } as const;
  return {
    "timeout.raised": {
      level: "warn",
      body: ({ metadata: { exceptionType, message } }) => `${exceptionType}: ${message}`,
    },
    "l1.allocation.failed": {
      level: "warn",
      body: ({ metadata }) => `L1 had no room for ${metadata.keys.length} chunks`,
      attributes: ({ metadata }) => ({ during: metadata.during, ...counts(metadata) }),
    },
    "l1.read.failed": {
      level: "warn",
      body: ({ metadata }) => `${metadata.keys.length} chunks could not be read from L1`,
      attributes: ({ metadata: { during, reason, keys } }) => ({
        during,
        reason,
        ...counts({ keys }),
      }),
    },
    "l2.prefetch.failed": {
      level: "warn",
      body: ({ metadata }) => `${metadata.keys.length} chunks did not come from L2 into L1`,
      attributes: ({ metadata }) => ({ reason: metadata.reason, ...counts(metadata) }),
    },
    "l2.store.completed": {
      level: ({ metadata }) => metadata.failedCount > 0 ? "warn" : "debug",
    },
    "l2.prefetch.load.completed": {
      level: ({ metadata }) => metadata.failedCount > 0 ? "warn" : "debug",
    },
    "sm.write.finished": outcome,
    // Not finding a chunk is a cache's everyday life.
    "sm.read.prefetched_finished": { ...outcome, level: "debug" },
    "l1.read.finished": keys,
    "l1.write.finished": keys,
    "l1.write_finished_and_read_reserved": keys,
    "l1.keys.evicted": keys,
    "l1.read.reserved": keys,
    "l1.write.reserved": keys,
    "sm.write.reserved": { ...outcome, level: "debug" },
    "l2.store.submitted": plain,
    "l2.prefetch.lookup.submitted": plain,
    "l2.prefetch.load.submitted": plain,
    "l2.prefetch.deadline": plain,
    "l2.load_task.submitted": plain,
    "l2.keys.evicted": plain,
    "l2.load_task.completed": plain,
    "mp.request.end": plain,
    "mp.store.start": plain,
    "mp.store.end": {
      level: "info",
      body: ({ metadata }) => `${metadata.numTokens} tokens stored from ${metadata.device}`,
    },
    "mp.retrieve.start": plain,
    "mp.retrieve.end": {
      level: "info",
      body: ({ metadata }) => `${metadata.numTokens} tokens retrieved to ${metadata.device}`,
    },
    "mp.lookup_prefetch.start": plain,
    "mp.lookup_prefetch.end": {
      level: "info",
      body: ({ metadata }) => `${metadata.hitTokens} of ${metadata.requestedTokens} tokens found`,
    },
    "cb.request.end": plain,
    "cb.lookup.end": plain,
    "cb.fingerprint_match.end": plain,
    "cb.prefix_lookup.end": plain,
    "cb.coordinator_match.end": plain,
    "cb.sparse_prefetch.start": plain,
    "cb.sparse_prefetch.end": plain,
    "cb.retrieve.end": succeeded,
    "cb.retrieve.noop": plain,
    "cb.scatter.start": plain,
    "cb.scatter.end": succeeded,
  };
}

function counts({ keys }: { readonly keys: readonly ChunkKey[] }): EventAttributes {
  return { keyCount: keys.length, modelNames: [...new Set(keys.map((key) => key.modelName))] };
}

function outcomes({ succeededKeys, failedKeys }: OutcomeMetadata): EventAttributes {
  return { succeededCount: succeededKeys.length, failedCount: failedKeys.length };
}
