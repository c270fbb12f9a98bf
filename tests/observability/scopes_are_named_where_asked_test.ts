import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";

interface ShopEvents {
  order: undefined;
}

const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });

async function orders(
  options: Pick<StartOptions<ShopEvents>, "prometheus" | "server">,
): Promise<string[]> {
  await using obs = await startObservability<ShopEvents>({
    env: () => undefined,
    catalog: shop,
    ...options,
  });
  return (await obs.scrape()).split("\n").filter((line) => line.startsWith("shop_orders"));
}

Deno.test("the catalog's metrics name no scope, unless all are to be named", async () => {
  assertEquals(await orders({ prometheus: { port: 0 } }), ["shop_orders_total 0"]);
  assertEquals(await orders({ prometheus: { port: 0, scopeLabels: "all" } }), [
    'shop_orders_total{otel_scope_name="busbar"} 0',
  ]);
  assertEquals(await orders({ server: false, prometheus: { scopeLabels: "all" } }), [
    'shop_orders_total{otel_scope_name="busbar"} 0',
  ]);
});
