import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface ShopEvents {
  "order": { total: number };
}

const { catalog, counter } = declare<ShopEvents>();
const shop = catalog({ metrics: { "shop.orders": counter("order") } });

class Service {
  isOpen = true;

  constructor(readonly total: number) {}
  shutdown(): Promise<boolean> {
    this.isOpen = false;
    return Promise.resolve(true);
  }
}

Deno.test("what closes a server may stand before the server, whose type is made of what is started", async () => {
  // It would not compile if the type of one were needed for that of the other.
  const close = () => server.shutdown();
  const obs = await startObservability({
    catalog: shop,
    server: false,
    env: () => undefined,
    exitHooks: { signals: [], close: () => server.shutdown() },
  });
  const several = await startObservability({
    catalog: [shop],
    server: false,
    env: () => undefined,
    exitHooks: { signals: [], close: () => later.shutdown() },
  });
  const server = new Service(obs.bus.queueDepth);
  const later = new Service(several.bus.queueDepth);
  await Promise.all([obs.shutdown({ close }), several.shutdown({ close: () => later.shutdown() })]);
  assertEquals([server.isOpen, later.isOpen], [false, false]);
});
