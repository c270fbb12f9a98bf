import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc, { runs } from "../support/properties.ts";
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

const MAX_UID = /^[a-zA-Z0-9_-]{1,40}$/;

Deno.test("its id is its title if that can be one, else what it has of it and a hash", () => {
  const uid = (title: string, own?: string): string =>
    JSON.parse(grafanaDashboard(shop, { title, uid: own })).uid;
  assertEquals(uid("my-shop-2"), "my-shop-2");
  assertMatch(uid("My Shop: tills & Orders 2"), /^my-shop-tills-orders-2-[a-z0-9]{11}$/);
  assertMatch(uid("Метрики"), /^[a-z0-9]{11}$/);
  assertEquals(uid("My Shop", "Own_1"), "Own_1");
  for (const own of ["", "a b", "x".repeat(41), "ü"]) {
    assertThrows(() => uid("Shop", own), TypeError, "uid must be of 1 to 40 letters");
  }
  for (const title of ["", "  ", undefined as never]) {
    assertThrows(() => uid(title), TypeError, "title must be a text that is not empty");
  }
});

// grafana/grafana: a uid has at most 40 characters of these (pkg/util/shortid_generator.go), a title 189
Deno.test("different titles have different ids, and Grafana takes them all", () => {
  const title = fc.string({ unit: "grapheme", minLength: 1, maxLength: 250 })
    .filter((title) => title.trim() !== "");
  fc.assert(
    fc.property(fc.uniqueArray(title, { minLength: 2, maxLength: 20 }), (titles) => {
      const dashboards = titles.map((title) => JSON.parse(grafanaDashboard(shop, { title })));
      assertEquals(new Set(dashboards.map(({ uid }) => uid)).size, titles.length);
      for (const { uid, title } of dashboards) {
        assertMatch(uid, MAX_UID);
        assertEquals(title.length <= 189, true, title);
      }
    }),
    runs(50),
  );
});

Deno.test("each of its panels has an id of its own", () => {
  const { panels } = JSON.parse(grafanaDashboard(shop, { title: "Shop" }));
  assertEquals(
    panels.map(({ id }: { id: number }) => id),
    panels.map((_: unknown, i: number) => i + 1),
  );
});
