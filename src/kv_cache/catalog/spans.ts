import type { Catalog } from "../../catalog/catalog.ts";
import { declare } from "../../catalog/declare.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";

const { span } = declare<KvCacheEvents>();

/**
 * The spans of a session. `mp.request` is its root and stays open for work that was submitted
 * before the request ended, and goes on after.
 */
export function kvCacheSpans(): NonNullable<Catalog<KvCacheEvents>["spans"]> {
  return {
    "mp.request": span(
      "mp.request.start",
      "mp.request.end",
      { root: true, kind: "server" },
    ),
    "mp.lookup_prefetch": span("mp.lookup_prefetch.start", "mp.lookup_prefetch.end"),
    "mp.retrieve": span(
      "mp.retrieve.start",
      "mp.retrieve.end",
      { announcedBy: "mp.retrieve.submitted" },
    ),
    "mp.store": span(
      "mp.store.start",
      "mp.store.end",
      { announcedBy: "mp.store.submitted" },
    ),
  };
}
