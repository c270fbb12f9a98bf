import { declare } from "@busbar/busbar/catalog";

/** What happens in the shop, on whichever thread. */
export interface ShopEvents {
  "order": { status: "ok" | "declined" };
}

const { catalog, counter } = declare<ShopEvents>();

/** All threads have the same one: only then are they summed. */
export const shop = catalog({
  metrics: {
    "shop.orders": counter("order", { attributes: (e) => ({ status: e.metadata.status }) }),
  },
});
