import type { MetricDeclaration } from "../../../catalog/metric.ts";
import type { EventOf, EventTypeOf } from "../../../events/event_map.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { workerId } from "../operation_ids.ts";
import type { KvCacheDeclarations } from "./declarations.ts";

type Metrics = Record<string, MetricDeclaration<KvCacheEvents>>;

/** CacheBlend: what it finds beyond the prefix, what it retrieves, and how long each step takes. */
export function blendMetrics(declarations: KvCacheDeclarations): Metrics {
  return {
    ...lookupMetrics(declarations),
    ...retrieveMetrics(declarations),
    ...durations(declarations),
  };
}

function lookupMetrics({ counter }: KvCacheDeclarations): Metrics {
  type End = EventOf<KvCacheEvents, "cb.lookup.end">["metadata"];
  // What an event leaves out adds nothing.
  const atEnd = (unit: string, description: string, value: (end: End) => number | undefined) =>
    counter("cb.lookup.end", unit, description, { value: ({ metadata }) => value(metadata) ?? 0 });
  return {
    "lookup_requests": counter("cb.lookup.start", "requests", "Lookups"),
    "lookup_requested_tokens": atEnd(
      "tokens",
      "Tokens that lookups asked for",
      ({ requestedTokens }) => requestedTokens,
    ),
    "lookup_hit_tokens": atEnd(
      "tokens",
      "Tokens that lookups found: the three kinds together",
      ({ hitTokens }) => hitTokens,
    ),
    "lookup_prefix_hit_tokens": atEnd(
      "tokens",
      "Tokens found from the prompt's beginning on",
      ({ prefixHitTokens }) => prefixHitTokens,
    ),
    "lookup_segmented_prefix_hit_tokens": atEnd(
      "tokens",
      "Tokens found from a segment's beginning on",
      ({ segmentedPrefixHitTokens }) => segmentedPrefixHitTokens,
    ),
    "lookup_non_prefix_hit_tokens": atEnd(
      "tokens",
      "Tokens found elsewhere",
      ({ nonPrefixHitTokens }) => nonPrefixHitTokens,
    ),
    "lookup_fingerprint_hits": atEnd(
      "",
      "Chunks found by their fingerprint",
      ({ fingerprintHits }) => fingerprintHits,
    ),
    "lookup_storage_hits": atEnd(
      "",
      "Chunks found in storage",
      ({ storageHits }) => storageHits,
    ),
    "lookup_stale_chunks": atEnd(
      "chunks",
      "Chunks that were found, and are no longer there",
      ({ staleChunks }) => staleChunks,
    ),
    "lookup_no_gpu_context_errors": atEnd(
      "",
      "Lookups of an engine that is not known",
      ({ noGpuContext }) => noGpuContext ? 1 : 0,
    ),
    "fingerprint_matches": counter(
      "cb.fingerprint_match.end",
      "",
      "Matches of the fingerprints known here",
      { value: ({ metadata }) => metadata.matches ?? 0 },
    ),
    "coordinator_matches": counter(
      "cb.coordinator_match.end",
      "",
      "Matches that the fleet's directory has found",
      { value: ({ metadata }) => metadata.matches ?? 0 },
    ),
    "coordinator_match_timeouts": counter(
      "cb.coordinator_match.end",
      "",
      "Times that the fleet's directory has not answered in time",
      { value: ({ metadata }) => metadata.timedOut ? 1 : 0 },
    ),
    "sparse_prefetch_l2_keys": counter(
      "cb.sparse_prefetch.start",
      "keys",
      "Keys of chunks that stand here and there, that L2 was asked for",
      { value: ({ metadata }) => metadata.l2Keys ?? 0 },
    ),
    "sparse_prefetch_found_keys": counter(
      "cb.sparse_prefetch.end",
      "keys",
      "Keys of chunks that stand here and there, that were found",
      { value: ({ metadata }) => metadata.foundKeys ?? 0 },
    ),
    "fingerprints_registered": counter(
      "cb.fingerprints.registered",
      "",
      "Chunks whose fingerprints are new",
      { value: ({ metadata }) => metadata.numChunks ?? 0 },
    ),
    "chunks_evicted": counter(
      "cb.chunks.evicted",
      "",
      "Chunks whose fingerprints were dropped",
      { value: ({ metadata }) => metadata.numChunks ?? 0 },
    ),
  };
}

function retrieveMetrics({ counter }: KvCacheDeclarations): Metrics {
  type Scatter = EventOf<KvCacheEvents, "cb.scatter.start">["metadata"];
  const atScatter = (
    unit: string,
    description: string,
    value: (start: Scatter) => number | undefined,
  ) =>
    counter("cb.scatter.start", unit, description, {
      value: ({ metadata }) => value(metadata) ?? 0,
    });
  return {
    "retrieve_requests": counter("cb.retrieve.start", "requests", "Retrieves, of each worker"),
    "retrieve_chunks": counter("cb.retrieve.start", "chunks", "Chunks to retrieve", {
      value: ({ metadata }) => metadata.numChunks ?? 0,
    }),
    "retrieve_failures": counter("cb.retrieve.end", "", "Retrieves that have failed", {
      value: ({ metadata }) => metadata.success === false ? 1 : 0,
    }),
    "retrieve_noops": counter(
      "cb.retrieve.noop",
      "",
      "Retrieves that had nothing to do, though there was something to use",
      {
        attributes: ({ metadata: { reason } }) => ({ reason }),
        attributeValues: {
          reason: ["no_object_keys", "beyond_slot_bound", "matches_straddle_alloc"],
        },
        maxAttributeSets: undefined, // they are known, and few
      },
    ),
    "scatter_tokens": atScatter(
      "tokens",
      "Tokens put into their places",
      ({ scatteredTokens }) => scatteredTokens,
    ),
    "scatter_prefix_chunks": atScatter(
      "chunks",
      "Chunks of prefixes put into their places",
      ({ nPrefix }) => nPrefix,
    ),
    "scatter_shifted_chunks": atScatter(
      "chunks",
      "Chunks put into other places than they were computed at",
      ({ nShifted }) => nShifted,
    ),
    "scatter_dropped_chunks": atScatter(
      "chunks",
      "Chunks left out of scatters",
      ({ dropped }) => dropped,
    ),
  };
}

function durations({ duration }: KvCacheDeclarations): Metrics {
  const of = <Start extends EventTypeOf<KvCacheEvents>, End extends EventTypeOf<KvCacheEvents>>(
    start: Start,
    end: End,
    description: string,
  ) => duration(start, end, { description, unit: "ms" });
  const ofWorkers = { unit: "ms", operationId: workerId } as const;
  return {
    "lookup_duration": of("cb.lookup.start", "cb.lookup.end", "How long lookups take"),
    "fingerprint_match_duration": of(
      "cb.fingerprint_match.start",
      "cb.fingerprint_match.end",
      "How long the fingerprints known here are searched",
    ),
    "prefix_lookup_duration": of(
      "cb.prefix_lookup.start",
      "cb.prefix_lookup.end",
      "How long prefixes are looked up, waits included",
    ),
    "coordinator_match_duration": of(
      "cb.coordinator_match.start",
      "cb.coordinator_match.end",
      "How long the fleet's directory takes",
    ),
    "sparse_prefetch_duration": of(
      "cb.sparse_prefetch.start",
      "cb.sparse_prefetch.end",
      "How long it takes to fetch chunks that stand here and there",
    ),
    "retrieve_duration": duration("cb.retrieve.start", "cb.retrieve.end", {
      description: "How long retrieves take, of each worker",
      ...ofWorkers,
    }),
    "scatter_duration": duration("cb.scatter.start", "cb.scatter.end", {
      description: "How long it takes to put tokens into their places, of each worker",
      ...ofWorkers,
    }),
  };
}
