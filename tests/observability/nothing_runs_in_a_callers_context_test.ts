import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { EventSubscriber } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface ShopEvents {
  "sale.start": object;
  "sale.end": object;
}

const { catalog, counter, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: { "shop.sales": counter("sale.end") },
  spans: { sale: span("sale.start", "sale.end") },
  logs: { "sale.end": { level: "info" } },
});

const requests = new AsyncLocalStorage<string>();

/** Which requests each place has seen. */
class Places {
  readonly #seen = new Map<string, Set<string>>();

  see(place: string): void {
    const stores = this.#seen.get(place) ?? new Set();
    this.#seen.set(place, stores.add(requests.getStore() ?? "none"));
  }

  toJSON(): Record<string, string> {
    const rows = [...this.#seen].sort(([a], [b]) => a < b ? -1 : 1);
    return Object.fromEntries(rows.map(([place, stores]) => [place, [...stores].join()]));
  }
}

class Probe extends EventSubscriber<ShopEvents> {
  readonly #places: Places;

  constructor(places: Places) {
    super();
    this.#places = places;
  }

  override getSubscriptions() {
    return {
      "sale.end": async () => {
        this.#places.see("handler");
        await null;
        this.#places.see("handler, after an await");
      },
    };
  }

  override onDrain(): void {
    this.#places.see("onDrain");
  }

  override async flush(): Promise<void> {
    this.#places.see("flush");
    await null;
    this.#places.see("flush, after an await");
  }

  override shutdown(): Promise<void> {
    this.#places.see("shutdown");
    return Promise.resolve();
  }
}

/** Puts a `fetch` in place that refuses everything, until the end of the scope. */
function refuseAll(onFetch: (path: string) => void): Disposable {
  const { fetch } = globalThis;
  globalThis.fetch = (input) => {
    onFetch(new URL(String(input)).pathname);
    return Promise.resolve(new Response(null, { status: 400 }));
  };
  return {
    [Symbol.dispose]: () => {
      globalThis.fetch = fetch;
    },
  };
}

Deno.test("what is started, published, flushed and shut down in a request runs outside of it", async () => {
  const places = new Places();
  const pushed = Promise.withResolvers<void>();
  using _refused = refuseAll((path) => {
    places.see(`push to ${path}`);
    if (path === "/v1/metrics") pushed.resolve();
  });
  await requests.run("request", async () => {
    const obs = await startObservability({
      catalog: shop,
      otlp: { endpoint: "http://127.0.0.1:4318" },
      tracingEnabled: true,
      metricExportIntervalMs: 10,
      metricExportTimeoutMs: 10,
      env: () => undefined,
      logger: { warn: () => places.see("logger") },
      subscribers: [new Probe(places)],
    });
    // By its own timer, which keeps no process alive.
    const keepAlive = setInterval(() => {}, 1_000);
    await pushed.promise;
    clearInterval(keepAlive);
    await requests.run("publish", () => {
      obs.bus.publish("sale.start", {});
      obs.bus.publish("sale.end", {});
      return obs.flush();
    });
    obs.bus.publish("sale.start", {});
    obs.bus.publish("sale.end", {});
    await requests.run("shutdown", () => obs.shutdown().catch(() => {}));
  });
  assertEquals(places.toJSON(), {
    "flush": "none",
    "flush, after an await": "none",
    "handler": "none",
    "handler, after an await": "none",
    "logger": "none",
    "onDrain": "none",
    "push to /v1/logs": "none",
    "push to /v1/metrics": "none",
    "push to /v1/traces": "none",
    "shutdown": "none",
  });
});
