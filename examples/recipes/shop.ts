import type { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { operation } from "@busbar/busbar/context";

/** What the shop publishes, beside its requests. */
export interface ShopEvents {
  "stock.read.start": { item: string };
  "stock.read.end": { outcome: "found" | "failed" };
}

const { catalog, counter, span } = declare<ShopEvents>();

/** The metric and the span that they become. */
export const shop = catalog({
  metrics: {
    "shop.stock.reads": counter("stock.read.end", {
      description: "Readings of the stock, by how they ended",
      attributes: ({ metadata: { outcome } }) => ({ outcome }),
    }),
  },
  spans: {
    "stock.read": span("stock.read.start", "stock.read.end", {
      // Not the item: a catalog says what is kept.
      attributes: () => ({}),
    }),
  },
});

/** Stands for a database. It knows nothing of requests, and yet is a part of the one it is called in. */
export function readStock(bus: EventBus<ShopEvents>, item: string): Promise<number> {
  return operation(bus, ["stock.read.start", "stock.read.end"], { item }, async (op) => {
    await Promise.resolve();
    if (item === "broken") throw new Error("the stock cannot be read");
    return op.end({ outcome: "found" }, 12);
  }, { failed: { outcome: "failed" } });
}
