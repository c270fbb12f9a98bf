import { assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

interface ShopEvents {
  "order.start": undefined;
  "order.end": { total: number };
}

const { catalog, counter, duration, gauge, histogram, span, throughput } = declare<ShopEvents>();
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
    "measurements must be given instead of value and attributes",
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
];

for (const [declare, message] of REFUSED) {
  Deno.test(`refused: ${message}`, () => {
    assertThrows(declare, TypeError, message);
  });
}
