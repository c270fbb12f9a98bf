import { metrics, trace } from "@opentelemetry/api";
import { type EventBus, type EventSubscriber, getEventBus, setEventBus } from "@busbar/busbar";
import { combineCatalogs, declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import {
  observeBus,
  type SpanRegistry,
  subscribeCatalog,
  TracingSubscriber,
} from "@busbar/busbar/subscribers";

interface ShopEvents {
  "order": { total: number };
}

interface PayEvents {
  "pay": undefined;
  "paid": { by: string };
}

/** What has the same members, but is no class's. */
type Members<Type> = { [Name in keyof Type]: Type[Name] };

const shopEvents = declare<ShopEvents>();
const shop = shopEvents.catalog({
  metrics: { "shop.orders": shopEvents.counter("order") },
  logs: { "order": { level: (event) => event.metadata.total > 100 ? "warn" : "info" } },
});
const payEvents = declare<PayEvents>();
const pay = payEvents.catalog({ spans: { pay: payEvents.span("pay", "paid") } });

Deno.test("a catalog of another copy fits beside the application's", () => {
  const _uncalled = async (library: Members<typeof shop>) => {
    const both = combineCatalogs([library, pay]);
    const { bus } = await startObservability({ catalog: [library, pay] });
    bus.publish("order", { total: 1 });
    bus.publish("paid", { by: "card" });
    // @ts-expect-error: it is no event of either
    bus.publish("refunded", { total: 1 });
    // @ts-expect-error: it has other metadata
    bus.publish("order", { by: "card" });
    const { bus: combined } = await startObservability({ catalog: both });
    combined.publish("order", { total: 1 });
    const { bus: alone } = await startObservability({ catalog: library });
    alone.publish("order", { total: 1 });
    // @ts-expect-error: it is no event of the library
    alone.publish("paid", { by: "card" });
  };
});

Deno.test("a bus and subscribers of another copy of the package fit", () => {
  const _uncalled = (
    bus: Members<EventBus<ShopEvents>>,
    subscriber: Members<EventSubscriber<ShopEvents>>,
    registry: Members<SpanRegistry>,
  ) => {
    const own: EventBus<ShopEvents> = bus;
    own.registerSubscriber(subscriber);
    setEventBus(bus);
    const _fetched: Members<EventBus> = getEventBus();
    observeBus(bus, { meter: metrics.getMeter("test") });
    subscribeCatalog(bus, {}, { subscribers: [subscriber] });
    const _started = startObservability({ bus, subscribers: [subscriber] });
    new TracingSubscriber({ tracer: trace.getTracer("test"), spans: {}, registry });
  };
});
