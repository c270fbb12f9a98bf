import { assertEquals, assertThrows } from "@std/assert";
import { type Catalog, combineCatalogs, declare } from "@busbar/busbar/catalog";

interface CacheEvents {
  "cache.read.start": undefined;
  "cache.read.end": { hit: boolean };
}
interface ShopEvents {
  "order.start": undefined;
  "order.end": { cents: number };
}

const cacheOf = declare<CacheEvents>();
const shopOf = declare<ShopEvents>();
const cache = cacheOf.catalog({
  events: { "cache.read.end": { description: "A key was read" } },
  metrics: { "cache.reads": cacheOf.counter("cache.read.end") },
  spans: { "cache.read": cacheOf.span("cache.read.start", "cache.read.end") },
  logs: { "cache.read.end": { level: "debug" } },
});
const shop = shopOf.catalog({
  events: { "order.end": { description: "Paid" } },
  metrics: { "shop.orders": shopOf.counter("order.end") },
  spans: { order: shopOf.span("order.start", "order.end") },
  logs: { "order.end": { level: "info" } },
});

Deno.test("all sections of all catalogs come together, in their order", () => {
  const both: Catalog<CacheEvents & ShopEvents> = combineCatalogs([cache, shop]);
  assertEquals(both, {
    events: { ...cache.events, ...shop.events },
    metrics: { ...cache.metrics, ...shop.metrics },
    spans: { ...cache.spans, ...shop.spans },
    logs: { ...cache.logs, ...shop.logs },
  });
  assertEquals(Object.keys(both.metrics ?? {}), ["cache.reads", "shop.orders"]);
});

Deno.test("a catalog alone stays what it is, none is an empty one", () => {
  assertEquals(combineCatalogs(shop), shop);
  assertEquals(combineCatalogs([shop]), shop);
  assertEquals(combineCatalogs([]), {});
  assertEquals(combineCatalogs([{}, { metrics: shop.metrics }]), { metrics: shop.metrics });
});

Deno.test("the same declaration may come twice", () => {
  const base = shopOf.catalog({ metrics: { ...shop.metrics }, logs: { ...shop.logs } });
  assertEquals(combineCatalogs([shop, base, shop]), shop);
});

const DIFFERENT: readonly [what: string, catalog: Catalog<ShopEvents>][] = [
  [
    'the description of "order.end"',
    shopOf.catalog({ events: { "order.end": { description: "Paid" } } }),
  ],
  [
    'the metric "shop.orders"',
    shopOf.catalog({ metrics: { "shop.orders": shopOf.counter("order.end") } }),
  ],
  [
    'the span "order"',
    shopOf.catalog({ spans: { order: shopOf.span("order.start", "order.end") } }),
  ],
  ['the log of "order.end"', shopOf.catalog({ logs: { "order.end": { level: "info" } } })],
];

for (const [what, again] of DIFFERENT) {
  Deno.test(`refused: two declarations of ${what}`, () => {
    assertThrows(
      () => combineCatalogs([cache, shop, again]),
      TypeError,
      `Cannot combine catalogs: ${what} must be declared once, received "two declarations"`,
    );
  });
}

Deno.test("a catalog that was never checked is checked", () => {
  assertThrows(
    () => combineCatalogs([shop, { logs: { "order.end": { level: "loud" as "info" } } }]),
    TypeError,
    'Cannot declare the log of "order.end": level must be one of',
  );
});
