import type { Catalog } from "../../catalog/catalog.ts";
import { pair } from "../../catalog/span.ts";
import type { KvCacheEvents } from "../events.ts";

/**
 * The spans of a session. `mp.request` is its root and stays open for work that was submitted
 * before the request ended, and goes on after.
 */
export function kvCacheSpans(): NonNullable<Catalog<KvCacheEvents>["spans"]> {
  return {
    "mp.request": pair<KvCacheEvents, "mp.request.start", "mp.request.end">(
      "mp.request.start",
      "mp.request.end",
      { root: true, kind: "server" },
    ),
    "mp.lookup_prefetch": pair<
      KvCacheEvents,
      "mp.lookup_prefetch.start",
      "mp.lookup_prefetch.end"
    >("mp.lookup_prefetch.start", "mp.lookup_prefetch.end"),
    "mp.retrieve": pair<KvCacheEvents, "mp.retrieve.start", "mp.retrieve.end">(
      "mp.retrieve.start",
      "mp.retrieve.end",
      { announcedBy: "mp.retrieve.submitted" },
    ),
    "mp.store": pair<KvCacheEvents, "mp.store.start", "mp.store.end">(
      "mp.store.start",
      "mp.store.end",
      { announcedBy: "mp.store.submitted" },
    ),
  };
}
