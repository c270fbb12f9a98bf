import { type Catalog, counter, defineCatalog, duration, pair } from "@busbar/busbar/catalog";

interface ShopEvents {
  "order.start": { cart: string };
  "order.end": { total: number; status: "ok" | "declined" };
}

Deno.test("a catalog knows its events", () => {
  const catalog = defineCatalog<ShopEvents>()({
    events: {
      "order.end": { description: "Paid", metadata: { total: { description: "Price" } } },
    },
    metrics: {
      "shop.orders": counter("order.end", {
        attributes: (event) => ({ status: event.metadata.status satisfies "ok" | "declined" }),
      }),
      "shop.events": counter(["order.start", "order.end"], {
        value: (event) => event.type === "order.end" ? event.metadata.total : 1,
      }),
      "shop.duration": duration("order.start", "order.end", {
        attributes: (end, start) => ({ status: end.metadata.status, cart: start.metadata.cart }),
      }),
    },
    spans: { order: pair("order.start", "order.end", { error: (end) => end.metadata.status }) },
    logs: { "order.end": { level: "info", body: (event) => `${event.metadata.total}` } },
  });
  // A library's catalog fits an application that knows more events.
  const _wider: Catalog<ShopEvents & { "other": undefined }> = catalog;
});

Deno.test("wrong types and fields do not compile", () => {
  const define = defineCatalog<ShopEvents>();
  const _wrong = () => [
    // @ts-expect-error: there is no such type
    define({ metrics: { a: counter("order.ended") } }),
    // @ts-expect-error: there is no such field
    define({ metrics: { a: counter("order.end", { value: (event) => event.metadata.price }) } }),
    define({
      metrics: {
        a: duration("order.start", "order.end", {
          // @ts-expect-error: the end has no cart
          attributes: (end) => ({ c: end.metadata.cart }),
        }),
      },
    }),
    // @ts-expect-error: there is no such type
    define({ spans: { order: pair("order.start", "order.finish") } }),
    // @ts-expect-error: there is no such type
    define({ logs: { "order.middle": { level: "info" } } }),
    // @ts-expect-error: there is no such level
    define({ logs: { "order.end": { level: "loud" } } }),
    define({
      // @ts-expect-error: there is no such field to describe
      events: { "order.end": { description: "", metadata: { price: { description: "" } } } },
    }),
  ];
});
