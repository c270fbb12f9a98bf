import { assertThrows } from "@std/assert";
import {
  counter,
  defineCatalog,
  duration,
  gauge,
  histogram,
  pair,
  throughput,
} from "@busbar/busbar/catalog";

interface ShopEvents {
  "order.start": undefined;
  "order.end": { total: number };
}

const define = defineCatalog<ShopEvents>();
const untyped = <Value>(value: unknown) => value as Value;

const REFUSED: readonly [declare: () => unknown, message: string][] = [
  [
    () => counter(untyped<string>(undefined)),
    "Cannot declare a counter: types must be an event type or a list of them, received undefined",
  ],
  [
    () => counter("order.end", { description: untyped(5) }),
    "Cannot declare a counter: description must be a string, received 5",
  ],
  [
    () => histogram("order.end", { value: () => 1, buckets: untyped(5) }),
    "Cannot declare a histogram: buckets must be finite and ascending, received 5",
  ],
  [
    () => duration("order.start", "order.end", { operationId: untyped<undefined>("id") as never }),
    'Cannot declare a duration: operationId must be a function, received "id"',
  ],
  [
    () => pair("order.start", "order.end", { error: untyped<undefined>(true) as never }),
    "Cannot declare a span: error must be a function, received true",
  ],
  [
    () => define({ metrics: { orders: untyped(undefined) } }),
    'Cannot declare the metric "orders": it must be declared, received undefined',
  ],
  [
    () => define({ logs: { "order.end": { level: "info", redact: untyped("card") } } }),
    'Cannot declare the log of "order.end": redact must be a list of names, received "card"',
  ],
  [
    () => define({ logs: { "order.end": { level: "info", body: untyped("sold") } } }),
    'Cannot declare the log of "order.end": body must be a function, received "sold"',
  ],
  [
    () => counter([]),
    "Cannot declare a counter: types must be at least one event type",
  ],
  [
    () => counter("bus:drop"),
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
    'Cannot declare a histogram: buckets must be finite and ascending, received "1, 1"',
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
    () => pair("order.start", "order.start"),
    'Cannot declare a span: end must be another type than start, received "order.start"',
  ],
  [
    () => pair("order.start", "order.end", { root: true, parent: "request" }),
    "Cannot declare a span: parent must be absent from a root",
  ],
  [
    () => define({ metrics: { "1st": counter("order.end") } }),
    'Cannot declare a metric: its name must be a letter, then up to 254 letters, digits, _ . - or /, received "1st"',
  ],
  [
    () => define({ spans: { order: pair("order.start", "order.end", { parent: "request" }) } }),
    'Cannot declare the span "order": parent must be a span of the catalog, received "request"',
  ],
  [
    () => define({ logs: { "order.end": { level: untyped("loud") } } }),
    'Cannot declare the log of "order.end": level must be one of trace, debug, info, warn, error, fatal, received "loud"',
  ],
  [
    () => define({ logs: { "order.end": { level: "info", maxPerSecond: 0 } } }),
    'Cannot declare the log of "order.end": maxPerSecond must be a number above 0, received 0',
  ],
];

for (const [declare, message] of REFUSED) {
  Deno.test(`refused: ${message}`, () => {
    assertThrows(declare, TypeError, message);
  });
}
