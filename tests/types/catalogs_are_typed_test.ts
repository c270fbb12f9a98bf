import { EventBus } from "@busbar/busbar";
import { type Catalog, type CombinedEvents, declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { subscribeCatalog } from "@busbar/busbar/subscribers";

interface ShopEvents {
  "order.start": { cart: string };
  "order.end": { total: number; status: "ok" | "declined" };
}

const { catalog, counter, upDownCounter, gauge, histogram, duration, throughput, span } = declare<
  ShopEvents
>();

Deno.test("declarations know their events", () => {
  const shop = catalog({
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
    spans: { order: span("order.start", "order.end", { error: (end) => end.metadata.status }) },
    logs: { "order.end": { level: "info", body: (event) => `${event.metadata.total}` } },
  });
  // A library's catalog fits an application that knows more events.
  const _wider: Catalog<ShopEvents & { "other": undefined }> = shop;
  // @ts-expect-error: it does not fit one that lacks some of them
  const _narrower: Catalog<Pick<ShopEvents, "order.start">> = shop;
});

// Each stands in a variable of its own: nothing around it says which events there are.
Deno.test("a wrong event type does not compile", () => {
  const _uncalled = () => {
    // @ts-expect-error: there is no such type
    const _counter = counter("order.ended");
    // @ts-expect-error: there is no such type in the list
    const _counters = counter(["order.start", "order.ended"]);
    // @ts-expect-error: there is no such type
    const _upDownCounter = upDownCounter("order.ended");
    // @ts-expect-error: there is no such type
    const _gauge = gauge("order.ended", { value: () => 1 });
    // @ts-expect-error: there is no such type
    const _histogram = histogram("order.ended", { value: () => 1 });
    // @ts-expect-error: there is no such start
    const _durationStart = duration("order.begin", "order.end");
    // @ts-expect-error: there is no such end
    const _durationEnd = duration("order.start", "order.ended");
    // @ts-expect-error: there is no such end
    const _throughput = throughput("order.start", "order.ended", { bytes: () => 1 });
    const _spanEvents = span("order.start", "order.end", {
      events: { "order.end": (event) => ({ total: event.metadata.total }), "order.start": true },
      links: ({ metadata }) => ["cart" in metadata ? metadata.cart : metadata.status],
      exception: (end) => end.metadata.status,
    });
    const _spanEventTypes = span("order.start", "order.end", { events: ["order.start"] });
    const _spanEvent = span("order.start", "order.end", {
      // @ts-expect-error: there is no such type
      events: { "order.read": true },
    });
    const _spanEventList = span("order.start", "order.end", {
      // @ts-expect-error: there is no such type in the list
      events: ["order.read"],
    });
    // @ts-expect-error: there is no such start
    const _spanStart = span("order.begin", "order.end");
    // @ts-expect-error: there is no such end
    const _spanEnd = span("order.start", "order.ended");
    // @ts-expect-error: there is no such type
    const _announced = span("order.start", "order.end", { announcedBy: "order.queued" });
    // @ts-expect-error: there is no such type
    const _failed = span("order.start", "order.end", { failedBy: ["order.failed"] });
    // @ts-expect-error: there is no such type
    const _logs = catalog({ logs: { "order.ended": { level: "info" } } });
    // @ts-expect-error: there is no such type
    const _events = catalog({ events: { "order.ended": { description: "" } } });
  };
});

Deno.test("a wrong metadata field does not compile", () => {
  const _uncalled = () => {
    // @ts-expect-error: there is no such field
    const _counter = counter("order.end", { value: (event) => event.metadata.price });
    const _attributes = counter("order.end", {
      // @ts-expect-error: there is no such field
      attributes: (event) => ({ status: event.metadata.state }),
    });
    const _measurements = counter("order.end", {
      // @ts-expect-error: there is no such field
      measurements: (event) => [{ value: event.metadata.price }],
    });
    // @ts-expect-error: only one of the two events has it
    const _both = counter(["order.start", "order.end"], { value: (event) => event.metadata.total });
    // @ts-expect-error: there is no such field
    const _upDownCounter = upDownCounter("order.end", { value: (event) => event.metadata.price });
    // @ts-expect-error: there is no such field
    const _gauge = gauge("order.end", { value: (event) => event.metadata.price });
    // @ts-expect-error: there is no such field
    const _histogram = histogram("order.end", { value: (event) => event.metadata.price });
    const _duration = duration("order.start", "order.end", {
      // @ts-expect-error: the end has no cart
      attributes: (end) => ({ cart: end.metadata.cart }),
    });
    const _durationStart = duration("order.start", "order.end", {
      // @ts-expect-error: the start has no total
      attributes: (_end, start) => ({ total: start.metadata.total }),
    });
    const _throughput = throughput("order.start", "order.end", {
      // @ts-expect-error: there is no such field
      bytes: (end) => end.metadata.bytes,
    });
    // @ts-expect-error: there is no such field
    const _span = span("order.start", "order.end", { error: (end) => end.metadata.reason });
    const _log = catalog({
      // @ts-expect-error: there is no such field
      logs: { "order.end": { level: "info", body: (event) => event.metadata.text } },
    });
    const _described = catalog({
      // @ts-expect-error: there is no such field to describe
      events: { "order.end": { description: "", metadata: { price: { description: "" } } } },
    });
  };
});

Deno.test("a misspelt section or option does not compile", () => {
  const _uncalled = () => {
    // @ts-expect-error: it is called metrics
    const _section = catalog({ metric: {} });
    // @ts-expect-error: it is called attributes
    const _counter = counter("order.end", { attribute: () => ({}) });
    // @ts-expect-error: only histograms have buckets
    const _buckets = counter("order.end", { buckets: [1] });
    // @ts-expect-error: it is called unit
    const _duration = duration("order.start", "order.end", { units: "s" });
    // @ts-expect-error: it is called operationId
    const _span = span("order.start", "order.end", { operation: () => 1 });
    // @ts-expect-error: there is no such level
    const _level = catalog({ logs: { "order.end": { level: "loud" } } });
    // @ts-expect-error: a gauge needs values
    const _gauge = gauge("order.end", {});
    // @ts-expect-error: a span is no metric
    const _metric = catalog({ metrics: { order: span("order.start", "order.end") } });
  };
});

Deno.test("a declaration of other events does not fit", () => {
  const other = declare<{ "mail.end": undefined }>();
  const _uncalled = () => {
    // @ts-expect-error: the shop has no mails
    const _metric = catalog({ metrics: { mails: other.counter("mail.end") } });
    // @ts-expect-error: the shop has no mails
    const _logs = catalog({ logs: other.catalog({ logs: {} }).logs });
  };
});

Deno.test("without an event map, anything goes", () => {
  const { catalog, counter, span } = declare();
  catalog({
    metrics: { any: counter("any", { value: (event) => event.metadata.any.thing }) },
    spans: { any: span("any", "thing") },
    logs: { any: { level: "info", body: ({ metadata }) => metadata.text } },
  });
});

interface MailEvents {
  "mail.sent": { bytes: number };
}

/** Two types that each fit the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

Deno.test("combined catalogs know the events of all of them", () => {
  const shop = catalog({});
  const mail = declare<MailEvents>().catalog({});
  const _checks: [
    Same<CombinedEvents<typeof shop>, ShopEvents>,
    Same<CombinedEvents<[typeof shop, typeof mail]>, ShopEvents & MailEvents>,
    Same<CombinedEvents<readonly (typeof shop | typeof mail)[]>, ShopEvents & MailEvents>,
  ] = [true, true, true];
  const combined: CombinedEvents<[typeof shop, typeof mail]> = {
    "order.start": { cart: "c1" },
    "order.end": { total: 1, status: "ok" },
    "mail.sent": { bytes: 1 },
  };
  // @ts-expect-error: neither knows it
  const _unknown = combined["mail.read"];
});

Deno.test("a bus is typed by the events of all catalogs that it is started with", () => {
  const shop = catalog({});
  const mail = declare<MailEvents>().catalog({});
  const _uncalled = async () => {
    const obs = await startObservability({ catalog: [shop, mail] });
    obs.bus.publish("order.start", { cart: "c1" });
    obs.bus.publish("mail.sent", { bytes: 1 });
    // @ts-expect-error: neither knows it
    obs.bus.publish("mail.read", { bytes: 1 });
    // @ts-expect-error: a mail has bytes
    obs.bus.publish("mail.sent", { cart: "c1" });
    subscribeCatalog(obs.bus, [shop, mail], { collect: true });
    subscribeCatalog(obs.bus, mail, { collect: true });
    // @ts-expect-error: the bus knows nothing of mails
    subscribeCatalog(new EventBus<ShopEvents>(), [shop, mail], { collect: true });
    const one = await startObservability({ catalog: shop });
    // @ts-expect-error: the shop has no mails
    one.bus.publish("mail.sent", { bytes: 1 });
  };
});

Deno.test("gauges that are read and declared values are typed", () => {
  catalog({
    metrics: {
      "shop.carts": gauge({ read: () => [{ value: 1, attributes: { region: "eu" } }], unit: "1" }),
      "shop.size": gauge({ read: () => 1 }),
      "shop.orders": counter("order.end", {
        attributes: (event) => ({ status: event.metadata.status }),
        attributeValues: { status: ["ok", "declined", undefined] },
        maxIdleMs: 60_000,
      }),
    },
  });
  const _uncalled = () => {
    // @ts-expect-error: it is read at once
    gauge({ read: () => Promise.resolve(1) });
    // @ts-expect-error: a gauge shows nothing before its first value
    gauge("order.end", { value: () => 1, attributeValues: { a: ["b"] } });
    // @ts-expect-error: it has no events, so no value of one
    gauge({ read: () => 1, value: () => 1 });
    // @ts-expect-error: an attribute has values, not lists of them
    counter("order.end", { attributeValues: { status: [["ok"]] } });
  };
});
