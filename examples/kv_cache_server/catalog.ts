import { type Catalog, declare } from "@busbar/busbar/catalog";
import type { ServerEvents } from "./events.ts";

type OwnEvents = Pick<
  ServerEvents,
  "kv_cache.opened" | "kv_cache.lookup.finished" | "kv_cache.chunks.evicted"
>;

const { catalog, counter } = declare<OwnEvents>();

/**
 * What becomes of the events that this example adds. A new cache makes every series exist, at 0.
 */
export const serverCatalog: Catalog<OwnEvents> = catalog({
  metrics: {
    "kv_cache.lookup_chunks": counter(["kv_cache.opened", "kv_cache.lookup.finished"], {
      description: "Chunks that requests asked for, by where they were found",
      measurements: (event) => {
        const { l1Chunks, l2Chunks, missChunks } = event.type === "kv_cache.opened"
          ? { l1Chunks: 0, l2Chunks: 0, missChunks: 0 }
          : event.metadata;
        return [
          { value: l1Chunks, attributes: { result: "l1" } },
          { value: l2Chunks, attributes: { result: "l2" } },
          { value: missChunks, attributes: { result: "miss" } },
        ];
      },
    }),
    "kv_cache.evicted_chunks": counter(["kv_cache.opened", "kv_cache.chunks.evicted"], {
      description: "Chunks evicted, by tier",
      measurements: (event) =>
        event.type === "kv_cache.opened"
          ? [{ value: 0, attributes: { tier: "l1" } }, { value: 0, attributes: { tier: "l2" } }]
          : [{ value: event.metadata.count, attributes: { tier: event.metadata.tier } }],
    }),
  },
});
