import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  DEFAULT_LOGGING_OPTIONS,
  DEFAULT_METRICS_OPTIONS,
  DEFAULT_SELF_METRICS_PREFIX,
  DEFAULT_TRACING_OPTIONS,
  jsonLinesSink,
  LoggingSubscriber,
  type Meter,
  MetricsSubscriber,
  observeBus,
  observeExport,
  observeSubscribers,
  type OtelLogger,
  otelLogSink,
  SpanRegistry,
  type TracerLike,
  TracingSubscriber,
} from "@busbar/busbar/subscribers";

const tracer = { startSpan: () => {} } as unknown as TracerLike;
const meter = { createObservableGauge: () => {} } as unknown as Meter;
const emitter = { emit: () => {} } as unknown as OtelLogger;

/** Each way to hand over options, with what is required and what its errors begin with. */
// deno-lint-ignore no-explicit-any -- the options are wrong on purpose
const makers: Record<string, (options: any) => unknown> = {
  "create MetricsSubscriber": (options) => new MetricsSubscriber({ metrics: {}, ...options }),
  "create TracingSubscriber": (options) => new TracingSubscriber({ tracer, spans: {}, ...options }),
  "create LoggingSubscriber": (options) =>
    new LoggingSubscriber({ logs: {}, sink: () => {}, ...options }),
  "create jsonLinesSink": (options) => jsonLinesSink(options),
  "create otelLogSink": (options) => otelLogSink(emitter, options),
  "observe a bus": (options) => observeBus(new EventBus({ enabled: false }), { meter, ...options }),
  "observe subscribers": (options) => observeSubscribers({}, { meter, ...options }),
  "observe exports": (options) => observeExport(() => ({}), { meter, ...options }),
};

/** Wrong values of each option, with what the error says. */
const wrong: [action: string, options: Record<string, unknown>, message: string][] = [
  ["create MetricsSubscriber", { metrics: 1 }, "metrics must be declarations by name, received 1"],
  ["create MetricsSubscriber", { meter: {} }, "meter must be an object with a method create"],
  ["create MetricsSubscriber", { contextOf: 1 }, "contextOf must be a function, received 1"],
  ["create MetricsSubscriber", { maxOpenPairs: 0 }, "maxOpenPairs must be a positive integer"],
  ["create MetricsSubscriber", { maxPairAgeMs: NaN }, "maxPairAgeMs must be a number above 0"],
  ["create MetricsSubscriber", { logger: {} }, "logger must be an object with a method warn"],
  ["create TracingSubscriber", { tracer: undefined }, "tracer must be an object with a method st"],
  ["create TracingSubscriber", { spans: "no" }, 'spans must be declarations by name, received "n'],
  ["create TracingSubscriber", { registry: {} }, "registry must be an object with a method add"],
  ["create TracingSubscriber", { maxOpenPairs: 1.5 }, "maxOpenPairs must be a positive integer"],
  ["create TracingSubscriber", { maxPairAgeMs: -1 }, "maxPairAgeMs must be a number above 0"],
  ["create TracingSubscriber", { deferAttributes: 1 }, "deferAttributes must be true or false"],
  ["create TracingSubscriber", { sessionIdAttribute: "" }, "sessionIdAttribute must be a text"],
  ["create TracingSubscriber", { operationIdAttribute: 1 }, "operationIdAttribute must be a text"],
  ["create TracingSubscriber", { logger: null }, "logger must be an object with a method warn"],
  ["create LoggingSubscriber", { logs: 1 }, "logs must be declarations by event type, received 1"],
  ["create LoggingSubscriber", { logger: {} }, "logger must be an object with a method warn"],
  ["create jsonLinesSink", { write: 1 }, "write must be a function, received 1"],
  ["create jsonLinesSink", { writeLines: 1 }, "writeLines must be a function, received 1"],
  ["create otelLogSink", { sessionIdAttribute: 1 }, "sessionIdAttribute must be a text that is"],
  ["observe a bus", { meter: undefined }, "meter must be an object with a method createObserv"],
  ["observe subscribers", { prefix: "" }, "prefix must be a letter, then up to 199 letters"],
  ["observe exports", { prefix: "1" }, "prefix must be a letter, then up to 199 letters"],
];

for (const [action, make] of Object.entries(makers)) {
  Deno.test(`options that do not exist are refused: ${action}`, () => {
    assertThrows(
      () => make({ nonesuch: 1 }),
      TypeError,
      `Cannot ${action}: there is no option "nonesuch"; there are `,
    );
    make({ nonesuch: undefined });
  });
}

Deno.test("a misspelt option is answered with the right one", () => {
  assertThrows(
    () => makers["create TracingSubscriber"]?.({ maxOpenPair: 1 }),
    TypeError,
    'there is no option "maxOpenPair"; did you mean "maxOpenPairs"?',
  );
});

for (const [action, options, message] of wrong) {
  Deno.test(`${action}: ${message}`, () => {
    const error = assertThrows(() => makers[action]?.(options)) as Error;
    const expected = `Cannot ${action}: ${message}`;
    assertEquals(error.message.slice(0, expected.length), expected);
  });
}

Deno.test("an option that is undefined is absent", () => {
  const absent = { logger: undefined, contextOf: undefined, maxOpenPairs: undefined };
  new MetricsSubscriber({ metrics: undefined, meter: undefined, ...absent });
  new MetricsSubscriber({ metrics: undefined, maxPairAgeMs: undefined });
  new TracingSubscriber({
    tracer,
    spans: undefined,
    registry: undefined,
    maxOpenPairs: undefined,
    maxPairAgeMs: undefined,
    deferAttributes: undefined,
    sessionIdAttribute: undefined,
    operationIdAttribute: undefined,
    logger: undefined,
  });
  new LoggingSubscriber({
    logs: undefined,
    sink: () => {},
    minLevel: undefined,
    maxPerSecond: undefined,
    sessionSampleRatio: undefined,
    redact: undefined,
    contextOf: undefined,
    clock: undefined,
    maxPending: undefined,
    suppressedIntervalMs: undefined,
    logger: undefined,
  });
  jsonLinesSink({ write: undefined, writeLines: undefined });
});

Deno.test("the defaults are what the docstrings say", () => {
  assertEquals({ ...DEFAULT_METRICS_OPTIONS }, { maxOpenPairs: 10_000, maxPairAgeMs: 600_000 });
  assertEquals({ ...DEFAULT_TRACING_OPTIONS }, {
    maxOpenPairs: 10_000,
    maxPairAgeMs: 600_000,
    deferAttributes: false,
  });
  assertEquals({ ...DEFAULT_LOGGING_OPTIONS }, {
    minLevel: "info",
    maxPerSecond: 100,
    sessionSampleRatio: 1,
    maxPending: 500,
    suppressedIntervalMs: 1_000,
  });
  assertEquals(DEFAULT_SELF_METRICS_PREFIX, "busbar");
});

Deno.test("a subscriber's name is its own, not that of its class, which a minifier may change", () => {
  class t extends MetricsSubscriber {}
  class u extends TracingSubscriber {}
  class v extends LoggingSubscriber {}
  assertEquals(
    [
      new t({ metrics: {} }).name,
      new u({ tracer, spans: {}, registry: new SpanRegistry() }).name,
      new v({ logs: {}, sink: () => {} }).name,
    ],
    ["MetricsSubscriber", "TracingSubscriber", "LoggingSubscriber"],
  );
});
