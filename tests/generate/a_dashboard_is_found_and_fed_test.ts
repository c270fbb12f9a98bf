import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { grafanaDashboard } from "@busbar/busbar/generate";

const { catalog, counter, gauge } = declare();
const shop = catalog({
  metrics: { "shop.orders": counter("order"), "till.cash": gauge("order", { value: () => 1 }) },
});

Deno.test("its data source is a variable, of Prometheus, which every panel reads from", () => {
  const { templating, panels } = JSON.parse(grafanaDashboard(shop, { title: "Shop" }));
  assertEquals(
    templating.list.map(({ name, type, query }: Record<string, unknown>) => [name, type, query]),
    [["datasource", "datasource", "prometheus"]],
  );
  const read = panels.filter(({ type }: { type: string }) => type !== "row");
  assertEquals(read.length, 2 + 5);
  for (const { title, datasource } of read) {
    assertEquals(datasource, { type: "prometheus", uid: "${datasource}" }, title);
  }
});

Deno.test("its id is its title in lower case, with dashes, unless it has its own", () => {
  const uid = (title: string, own?: string) =>
    JSON.parse(grafanaDashboard(shop, { title, uid: own })).uid;
  assertEquals(uid("My Shop: tills & Orders 2"), "my-shop-tills-orders-2");
  assertEquals(uid("My Shop", "Own_1"), "Own_1");
});
