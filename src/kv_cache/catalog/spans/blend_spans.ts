import type { Catalog } from "../../../catalog/catalog.ts";
import { declare } from "../../../catalog/declare.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { workerId } from "../operation_ids.ts";
import { rateOf, snakeCased } from "./span_attributes.ts";

const { span, eventSpan } = declare<KvCacheEvents>();

/**
 * CacheBlend's spans: `cb.request` is a root of its own, which ends with the last of its work. Each rank
 * retrieves and scatters on its own, told apart by its worker.
 */
export function blendSpans(): NonNullable<Catalog<KvCacheEvents>["spans"]> {
  const attributes = snakeCased;
  // A lookup that is given up has no end, nor have its steps.
  const closedBy = ["cb.request.end", "mp.request.end"] as const;
  const inLookup = { parent: ["cb.lookup", "cb.request"], attributes, closedBy } as const;
  const inRequest = { parent: "cb.request", attributes } as const;
  const error = ({ metadata }: { metadata: { success: boolean } }) =>
    metadata.success === false ? "it did not succeed" : undefined;
  return {
    "cb.request": span("cb.request.start", "cb.request.end", {
      root: true,
      kind: "server",
      closedBy: "mp.request.end",
      openedBy: ["cb.lookup.start", "cb.retrieve.submitted", "cb.retrieve.start"],
      attributes,
    }),
    "cb.lookup": span("cb.lookup.start", "cb.lookup.end", {
      ...inRequest,
      closedBy,
      rootAttributes: ({ metadata }) => {
        const { requestedTokens, hitTokens, prefixHitTokens, nonPrefixHitTokens } = metadata;
        const { segmentedPrefixHitTokens } = metadata;
        return {
          hit_tokens: hitTokens,
          requested_tokens: requestedTokens,
          hit_rate: rateOf(hitTokens, requestedTokens),
          prefix_hits: metadata.prefixHits,
          prefix_hit_tokens: prefixHitTokens,
          prefix_hit_rate: rateOf(prefixHitTokens, requestedTokens),
          segmented_prefix_hit_tokens: segmentedPrefixHitTokens,
          segmented_prefix_hit_rate: rateOf(segmentedPrefixHitTokens, requestedTokens),
          non_prefix_hit_tokens: nonPrefixHitTokens,
          non_prefix_hit_rate: rateOf(nonPrefixHitTokens, requestedTokens),
        };
      },
    }),
    "cb.fingerprint_match": span(
      "cb.fingerprint_match.start",
      "cb.fingerprint_match.end",
      inLookup,
    ),
    "cb.prefix_lookup": span("cb.prefix_lookup.start", "cb.prefix_lookup.end", inLookup),
    "cb.coordinator_match": span(
      "cb.coordinator_match.start",
      "cb.coordinator_match.end",
      inLookup,
    ),
    "cb.sparse_prefetch": span("cb.sparse_prefetch.start", "cb.sparse_prefetch.end", inLookup),
    "cb.retrieve": span("cb.retrieve.start", "cb.retrieve.end", {
      ...inRequest,
      operationId: workerId,
      announcedBy: "cb.retrieve.submitted",
      error,
    }),
    "cb.scatter": span("cb.scatter.start", "cb.scatter.end", {
      parent: ["cb.retrieve", "cb.request"],
      attributes,
      operationId: workerId,
      error,
    }),
    "cb.retrieve.noop": eventSpan("cb.retrieve.noop", inRequest),
    "cb.fingerprints.registered": eventSpan("cb.fingerprints.registered", inRequest),
    "cb.chunks.evicted": eventSpan("cb.chunks.evicted", inRequest),
  };
}
