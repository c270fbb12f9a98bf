import { type Catalog, declare } from "@busbar/busbar/catalog";
import type { ServerEvents } from "./events.ts";

type OwnEvents = Pick<
  ServerEvents,
  "kv_cache.opened" | "kv_cache.lookup.finished" | "kv_cache.blocks.evicted"
>;

/** What becomes of the events that this example adds. A new cache makes every series exist, at 0. */
const { catalog, counter } = declare<OwnEvents>();
export const serverCatalog: Catalog<OwnEvents> = catalog({
  metrics: {
    "kv_cache.lookup_blocks": counter(["kv_cache.opened", "kv_cache.lookup.finished"], {
      description: "Blocks that requests asked for, by where they were found",
      measurements: (event) => {
        const { l1Blocks, l2Blocks, missBlocks } = event.type === "kv_cache.opened"
          ? { l1Blocks: 0, l2Blocks: 0, missBlocks: 0 }
          : event.metadata;
        return [
          { value: l1Blocks, attributes: { result: "l1" } },
          { value: l2Blocks, attributes: { result: "l2" } },
          { value: missBlocks, attributes: { result: "miss" } },
        ];
      },
    }),
    "kv_cache.evicted_blocks": counter(["kv_cache.opened", "kv_cache.blocks.evicted"], {
      description: "Blocks evicted, by tier",
      measurements: (event) =>
        event.type === "kv_cache.opened"
          ? [{ value: 0, attributes: { tier: "l1" } }, { value: 0, attributes: { tier: "l2" } }]
          : [{ value: event.metadata.count, attributes: { tier: event.metadata.tier } }],
    }),
  },
});
