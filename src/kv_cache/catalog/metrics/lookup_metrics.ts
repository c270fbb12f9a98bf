import type { EventAttributes } from "../../../catalog/attributes.ts";
import type { MetricDeclaration } from "../../../catalog/metric.ts";
import type { EventOf } from "../../../events/event_map.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import type { KvCacheDeclarations } from "./declarations.ts";

type LookupEnd = EventOf<KvCacheEvents, "mp.lookup_prefetch.end">;

/**
 * Lookups: what they ask for and what they find, in both tiers together and in each. All of them
 * have the same labels, so that one divided by another is a hit rate.
 */
export function lookupMetrics(
  { counter }: KvCacheDeclarations,
): Record<string, MetricDeclaration<KvCacheEvents>> {
  const ofLookups = (unit: string, description: string, value?: (end: LookupEnd) => number) =>
    counter("mp.lookup_prefetch.end", unit, description, { value, attributes: modelAndTenant });
  return {
    "lookup_requested": ofLookups(
      "tokens",
      "Tokens that lookups asked for, in whole chunks",
      ({ metadata }) => metadata.requestedTokens,
    ),
    "lookup_hit": ofLookups(
      "tokens",
      "Tokens that lookups found, in L1 and L2 together",
      ({ metadata }) => metadata.hitTokens,
    ),
    "lookup_hit_l1": ofLookups(
      "tokens",
      "Tokens of the prefix that L1 has without L2",
      ({ metadata }) => metadata.l1HitTokens,
    ),
    "lookup_hit_l2": ofLookups(
      "tokens",
      "Tokens that were found after that prefix, which takes L2",
      ({ metadata }) => metadata.l2HitTokens,
    ),
    "lookup_hit_l1_keys": ofLookups(
      "keys",
      "Keys that lookups found in L1, of each rank and object group",
      ({ metadata }) => metadata.l1HitKeys,
    ),
    "lookup_hit_l2_keys": ofLookups(
      "keys",
      "Keys that lookups found in L2, of each rank and object group",
      ({ metadata }) => metadata.l2HitKeys,
    ),
    "lookups": ofLookups("requests", "Lookups, those that ended early included"),
    "lookup_early_exit": counter(
      "mp.lookup_prefetch.end",
      "requests",
      "Lookups that ended before anything was looked up, by reason",
      {
        measurements: (event) => {
          const { earlyExitReason: reason } = event.metadata;
          return reason ? [{ value: 1, attributes: { ...modelAndTenant(event), reason } }] : [];
        },
        attributeNames: ["model_name", "cache_salt", "reason"],
      },
    ),
    "timeouts": counter("timeout.raised", "", "Errors made that say that something took too long", {
      attributes: ({ metadata }) => ({ exception_type: metadata.exceptionType }),
    }),
  };
}

/** Whose it is: the labels of lookups and of what workers load. */
export function modelAndTenant(
  { metadata }: EventOf<KvCacheEvents, "mp.lookup_prefetch.end" | "mp.retrieve.end">,
): EventAttributes {
  return { model_name: metadata.modelName, cache_salt: metadata.cacheSalt };
}
