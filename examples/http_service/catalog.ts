import { declare } from "@busbar/busbar/catalog";

/** What the shop's service publishes. */
export interface ShopEvents {
  "http.request.start": { method: string; route: string };
  "http.request.end": { method: string; route: string; status: number };
  "checkout.start": { cart: string };
  "checkout.end": { cart: string; totalCents: number; status: "ok" | "declined" };
}

const { catalog, counter, duration, histogram, span } = declare<ShopEvents>();

/** The metrics, spans and log records that they become. */
export const shop = catalog({
  metrics: {
    "http.server.request.duration": duration("http.request.start", "http.request.end", {
      description: "How long requests take",
      attributes: ({ metadata: { method, route, status } }) => ({
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
      }),
    }),
    "shop.checkouts": counter("checkout.end", {
      description: "Checkouts, by how they ended",
      attributes: ({ metadata: { status } }) => ({ status }),
    }),
    "shop.checkout.amount": histogram("checkout.end", {
      description: "What customers pay",
      value: ({ metadata }) => metadata.totalCents / 100,
      unit: "EUR",
      buckets: [1, 5, 10, 25, 50, 100, 250],
    }),
  },
  spans: {
    "http.request": span("http.request.start", "http.request.end", {
      root: true,
      kind: "server",
      error: ({ metadata: { status } }) => status >= 500 ? `answered ${status}` : undefined,
    }),
    "checkout": span("checkout.start", "checkout.end", {
      // Not the cart: by default all of the metadata would be there.
      attributes: (event) => event.type === "checkout.end" ? { status: event.metadata.status } : {},
      error: ({ metadata: { status } }) => status === "declined" ? "card declined" : undefined,
    }),
  },
  logs: {
    "http.request.end": { level: ({ metadata }) => metadata.status >= 500 ? "error" : "info" },
    "checkout.end": {
      level: "info",
      body: ({ metadata: { status } }) => `checkout ${status}`,
      redact: ["cart"],
    },
  },
});
