import { metrics, trace } from "@opentelemetry/api";
import { type EventBus, type EventSubscriber, getEventBus, setEventBus } from "@busbar/busbar";
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

/** What has the same members, but is no class's. */
type Members<Type> = { [Name in keyof Type]: Type[Name] };

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
