import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

interface ShopEvents {
  "order.start": undefined;
  "order.end": { total: number };
}

const { catalog, counter, duration, gauge, histogram, span, throughput, upDownCounter } = declare<
  ShopEvents
>();
const untyped = <Value>(value: unknown) => value as Value;

const REFUSED: readonly [declare: () => unknown, message: string][] = [
  [
    () => declare().counter(untyped<string>(undefined)),
    "Cannot declare a counter: types must be an event type or a list of them, received undefined",
  ],
  [
    () => counter("order.end", { description: untyped(5) }),
    "Cannot declare a counter: description must be a string, received 5",
  ],
  [
    () => histogram("order.end", { value: () => 1, buckets: untyped(5) }),
    "Cannot declare a histogram: buckets must be a list of numbers, received 5",
  ],
  [
    () => duration("order.start", "order.end", { operationId: untyped<undefined>("id") as never }),
    'Cannot declare a duration: operationId must be a function, received "id"',
  ],
  [
    () => span("order.start", "order.end", { error: untyped<undefined>(true) as never }),
    "Cannot declare a span: error must be a function, received true",
  ],
  [
    () => counter("order.end", { attributes: untyped("shop") }),
    'Cannot declare a counter: attributes must be a function, received "shop"',
  ],
  [
    () => counter("order.end", { unit: untyped(5) }),
    "Cannot declare a counter: unit must be a string, received 5",
  ],
  [
    () => counter("order.end", { attributeNames: untyped([5]) }),
    "Cannot declare a counter: attributeNames must be a list of names, received [5]",
  ],
  [
    () => counter("order.end", { attributeNames: ["shop", ""] }),
    'Cannot declare a counter: attributeNames must be a list of names, received ["shop",""]',
  ],
  [
    () => duration(untyped<"order.start">("bus:drop"), "order.end"),
    "Cannot declare a duration: start must be an event type, not beginning with bus:",
  ],
  [
    () => duration("order.start", untyped<"order.end">(5)),
    "Cannot declare a duration: end must be an event type, not beginning with bus:, received 5",
  ],
  [
    () => throughput("order.start", "order.start", { bytes: () => 1 }),
    "Cannot declare a throughput: end must be another type than start",
  ],
  [
    () => throughput("order.start", "order.end", { bytes: () => 1, unit: untyped("MB/s") }),
    'Cannot declare a throughput: unit must be "GB/s" or "By/s", received "MB/s"',
  ],
  [
    () => span("order.start", "order.end", { kind: untyped("remote") }),
    "Cannot declare a span: kind must be one of internal, server, client, producer, consumer, " +
    'received "remote"',
  ],
  [
    () => catalog({ spans: { "": span("order.start", "order.end") } }),
    'Cannot declare a span: its name must be at least one character, received ""',
  ],
  [
    () => catalog({ events: { "order.end": { description: "", metadata: untyped(5) } } }),
    'Cannot declare the description of "order.end": options must be an object, received 5',
  ],
  [
    () => catalog({ metrics: { orders: untyped({}) } }),
    'Cannot declare the metric "orders": it must be declared as a metric, received [object Object]',
  ],
  [
    () => catalog({ logs: { "order.end": { level: "info", redact: untyped("card") } } }),
    'Cannot declare the log of "order.end": redact must be a list of names, received "card"',
  ],
  [
    () => catalog({ logs: { "order.end": { level: "info", body: untyped("sold") } } }),
    'Cannot declare the log of "order.end": body must be a function, received "sold"',
  ],
  [
    () => counter([]),
    "Cannot declare a counter: types must be at least one event type",
  ],
  [
    () => declare().counter("bus:drop"),
    'Cannot declare a counter: types must be an event type, not beginning with bus:, received "bus:drop"',
  ],
  [
    () => counter("order.end", { maxAttributeSets: 1 }),
    "Cannot declare a counter: maxAttributeSets must be an integer of at least 2, received 1",
  ],
  [
    () => counter("order.end", { value: () => 1, measurements: () => [] }),
    "measurements must be given instead of value, attributes and counts",
  ],
  [
    () => counter("order.end", { counts: { attribute: "a", of: () => ({}) }, value: () => 1 }),
    "Cannot declare a counter: counts must be given instead of value",
  ],
  [
    () => counter("order.end", { counts: { attribute: "", of: () => ({}) } }),
    'Cannot declare a counter: counts.attribute must be a name, received ""',
  ],
  [
    () => counter("order.end", { counts: { attribute: "a", of: untyped(5) } }),
    "Cannot declare a counter: counts.of must be a function, received 5",
  ],
  [
    () => counter("order.end", { counts: untyped({ attribute: "a" }) }),
    "Cannot declare a counter: counts.of must be a function, received undefined",
  ],
  [
    () => counter("order.end", { counts: untyped({ name: "a" }) }),
    'Cannot declare a counter\'s counts: there is no option "name"',
  ],
  [
    () => counter("order.end", { zeroAt: "order.end" }),
    'Cannot declare a counter: zeroAt must be other types than types, received "order.end"',
  ],
  [
    () => counter("order.end", { zeroAt: untyped<"order.start">(7) }),
    "Cannot declare a counter: zeroAt must be an event type or a list of them, received 7",
  ],
  [
    () => gauge("order.end", { value: () => 1, zeroAt: "order.start" } as never),
    'Cannot declare a gauge: there is no option "zeroAt"',
  ],
  [
    () => gauge("order.end", untyped<{ value: () => number }>({})),
    "Cannot declare a gauge: value must be a function, received undefined",
  ],
  [
    () => histogram("order.end", untyped<{ value: () => number }>(undefined)),
    "Cannot declare a histogram: value must be a function, received undefined",
  ],
  [
    () => histogram("order.end", { value: () => 1, buckets: [1, 1] }),
    "Cannot declare a histogram: buckets[1] must be above 1, the bound before it, received 1",
  ],
  [
    () => duration("order.start", "order.end", untyped<{ unit: "s" }>({ unit: "h" })),
    'Cannot declare a duration: unit must be "s" or "ms", received "h"',
  ],
  [
    () => throughput("order.start", "order.end", untyped<{ bytes: () => number }>({})),
    "Cannot declare a throughput: bytes must be a function, received undefined",
  ],
  [
    () => span("order.start", "order.start"),
    'Cannot declare a span: end must be another type than start, received "order.start"',
  ],
  [
    () => span("order.start", "order.end", { events: ["order.end"] }),
    "Cannot declare a span: events must be other types than start, end and failedBy, received " +
    '"order.end"',
  ],
  [
    () => span("order.start", "order.end", { events: untyped({ "order.read": "all" }) }),
    'Cannot declare a span: events["order.read"] must be true or a function, received "all"',
  ],
  [
    () => span("order.start", "order.end", { events: untyped(7) }),
    "Cannot declare a span: events must be an event type or a list of them, received 7",
  ],
  [
    () => span("order.start", "order.end", { events: untyped({ "bus:drop": true }) }),
    'Cannot declare a span: events must be an event type, not beginning with bus:, received "bus:drop"',
  ],
  [
    () => span("order.start", "order.end", { links: untyped<undefined>([]) as never }),
    "Cannot declare a span: links must be a function, received []",
  ],
  [
    () => span("order.start", "order.end", { exception: untyped<undefined>("e") as never }),
    'Cannot declare a span: exception must be a function, received "e"',
  ],
  [
    () => span("order.start", "order.end", { root: true, parent: "request" }),
    "Cannot declare a span: parent must be absent from a root",
  ],
  [
    () => catalog({ metrics: { "1st": counter("order.end") } }),
    'Cannot declare a metric: its name must be a letter, then up to 254 letters, digits, _ . - or /, received "1st"',
  ],
  [
    () => catalog({ spans: { order: span("order.start", "order.end", { parent: "request" }) } }),
    'Cannot declare the span "order": parent must be a span of the catalog, received "request"',
  ],
  [
    () => catalog({ logs: { "order.end": { level: untyped("loud") } } }),
    'Cannot declare the log of "order.end": level must be one of trace, debug, info, warn, error, fatal, received "loud"',
  ],
  [
    () => catalog({ logs: { "order.end": { level: "info", maxPerSecond: 0 } } }),
    'Cannot declare the log of "order.end": maxPerSecond must be a number above 0, received 0',
  ],
  [
    () => catalog(untyped({ metric: {} })),
    'Cannot declare a catalog: there is no section "metric"; did you mean "metrics"?',
  ],
  [
    () => catalog(untyped({ span: {} })),
    'Cannot declare a catalog: there is no section "span"; did you mean "spans"?',
  ],
  [
    () => catalog(untyped({ log: {} })),
    'Cannot declare a catalog: there is no section "log"; did you mean "logs"?',
  ],
  [
    () => catalog(untyped({ traces: {} })),
    'Cannot declare a catalog: there is no section "traces"; there are events, metrics, spans, logs',
  ],
  [
    () => catalog(untyped(undefined)),
    "Cannot declare a catalog: it must be an object, received undefined",
  ],
  [
    () => catalog({ metrics: untyped([]) }),
    "Cannot declare a catalog: metrics must be an object, received []",
  ],
  [
    () => counter("order.end", { attribute: () => ({}) } as never),
    'Cannot declare a counter: there is no option "attribute"; did you mean "attributes"?',
  ],
  [
    () => upDownCounter("order.end", { vale: () => 1 } as never),
    'Cannot declare an upDownCounter: there is no option "vale"; did you mean "value"?',
  ],
  [
    () => counter("order.end", { buckets: [1] } as never),
    'Cannot declare a counter: there is no option "buckets"',
  ],
  [
    () => gauge("order.end", untyped({ value: () => 1, units: "By" })),
    'Cannot declare a gauge: there is no option "units"; did you mean "unit"?',
  ],
  [
    () => histogram("order.end", untyped({ value: () => 1, bucket: [1] })),
    'Cannot declare a histogram: there is no option "bucket"; did you mean "buckets"?',
  ],
  [
    () => duration("order.start", "order.end", untyped({ operationID: () => 1 })),
    'Cannot declare a duration: there is no option "operationID"; did you mean "operationId"?',
  ],
  [
    () => throughput("order.start", "order.end", untyped({ byte: () => 1 })),
    'Cannot declare a throughput: there is no option "byte"; did you mean "bytes"?',
  ],
  [
    () => span("order.start", "order.end", untyped({ parents: "request" })),
    'Cannot declare a span: there is no option "parents"; did you mean "parent"?',
  ],
  [
    () => catalog({ logs: { "order.end": untyped({ level: "info", redacted: ["card"] }) } }),
    'Cannot declare the log of "order.end": there is no option "redacted"; did you mean "redact"?',
  ],
  [
    () => catalog({ events: { "order.end": untyped({ desciption: "" }) } }),
    'Cannot declare the description of "order.end": there is no option "desciption"; did you mean "description"?',
  ],
  [
    () =>
      catalog({
        events: {
          "order.end": { description: "", metadata: { total: untyped({ description: "", u: 1 }) } },
        },
      }),
    'Cannot declare the description of "order.end", field "total": there is no option "u"',
  ],
  [
    () => catalog({ events: { "order.end": untyped({}) } }),
    'Cannot declare the description of "order.end": description must be a string, received undefined',
  ],
  [
    () => declare().catalog({ logs: { "bus:drop": { level: "warn" } } }),
    'Cannot declare the log of "bus:drop": its type must be an event type, not beginning with bus:, received "bus:drop"',
  ],
  [
    () => declare().catalog({ events: { "": { description: "" } } }),
    'Cannot declare the description of "": its type must be an event type, not beginning with bus:, received ""',
  ],
  [
    () => catalog({ logs: { "order.end": { level: "info", maxPerSecond: untyped("5") } } }),
    'Cannot declare the log of "order.end": maxPerSecond must be a number above 0, received "5"',
  ],
  [
    () => counter("order.end", null as never),
    "Cannot declare a counter: options must be an object, received null",
  ],
  [
    () => counter("order.end", { attributeNames: untyped("status") }),
    'Cannot declare a counter: attributeNames must be a list of names, received "status"',
  ],
  [
    () => histogram("order.end", { value: () => 1, buckets: [1, Infinity] }),
    "Cannot declare a histogram: buckets[1] must be a finite number, received Infinity",
  ],
  [
    () => span("order.start", "order.end", { root: untyped("yes") }),
    'Cannot declare a span: root must be true or false, received "yes"',
  ],
  [
    () => catalog({ spans: { order: untyped(counter("order.end")) } }),
    'Cannot declare the span "order": it must be declared as a span, received [object Object]',
  ],
  [
    () => catalog({ metrics: { order: untyped(span("order.start", "order.end")) } }),
    'Cannot declare the metric "order": it must be declared as a metric, received [object Object]',
  ],
];

for (const [declare, message] of REFUSED) {
  Deno.test(`refused: ${message}`, () => {
    assertThrows(declare, TypeError, message);
  });
}

Deno.test("what is undefined is absent, everywhere", () => {
  const options = {
    description: undefined,
    unit: undefined,
    maxAttributeSets: undefined,
    attributeNames: undefined,
    attributes: undefined,
  };
  const event = { ...options, counts: undefined, measurements: undefined };
  const counted = { ...event, value: undefined, zeroAt: undefined };
  const pair = { ...options, operationId: undefined, buckets: undefined };
  const value = () => 1;
  const bytes = () => 1;
  const same: readonly [declared: unknown, without: unknown][] = [
    [counter("order.end", counted), counter("order.end")],
    [upDownCounter("order.end", counted), upDownCounter("order.end")],
    [gauge("order.end", { ...event, value }), gauge("order.end", { value })],
    [
      histogram("order.end", { ...event, value, buckets: undefined }),
      histogram("order.end", { value }),
    ],
  ];
  for (const [declared, without] of same) assertEquals(declared, without);
  const { unit, buckets } = duration("order.start", "order.end", pair);
  assertEquals([unit, buckets.length], ["s", 14]);
  assertEquals(throughput("order.start", "order.end", { ...pair, bytes }).unit, "GB/s");
  const ofNothing = {
    operationId: undefined,
    parent: undefined,
    root: undefined,
    announcedBy: undefined,
    kind: undefined,
    attributes: undefined,
    error: undefined,
    failedBy: undefined,
  };
  assertEquals(
    span("order.start", "order.end", ofNothing),
    span("order.start", "order.end"),
  );
  const log = { level: "info", body: undefined, redact: undefined } as const;
  assertEquals(
    catalog({
      events: { "order.start": untyped(undefined), "order.end": { description: "Paid" } },
      metrics: { none: untyped(undefined), orders: counter("order.end") },
      spans: { none: untyped(undefined) },
      logs: { "order.start": untyped(undefined), "order.end": log },
    }),
    {
      events: { "order.end": { description: "Paid" } },
      metrics: { orders: counter("order.end") },
      spans: {},
      logs: { "order.end": log },
    },
  );
  const sections = { events: undefined, metrics: undefined, spans: undefined, logs: undefined };
  assertEquals(catalog({ ...sections, ...untyped<object>({ metric: undefined }) }), {});
});
