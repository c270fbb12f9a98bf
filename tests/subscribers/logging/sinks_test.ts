import { assertEquals, assertThrows } from "@std/assert";
import { context, trace, TraceFlags } from "@opentelemetry/api";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import { StackContextManager } from "@opentelemetry/sdk-trace";
import {
  jsonLinesSink,
  LoggingSubscriber,
  type OtelLogger,
  otelLogSink,
} from "@busbar/busbar/subscribers";
import { type AnyEvents, EventBus } from "@busbar/busbar";
import { loggingBus } from "../../support/logging_bus.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("OpenTelemetry gets severity, body, attributes, time, name, session and span", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const { bus } = loggingBus({
    logs: {
      "shop.sale": { level: "warn", body: (event) => `sold ${event.metadata.total}` },
      "shop.open": { level: "info" },
    },
    sink: otelLogSink(provider.getLogger("shop")),
  });
  bus.publish("shop.sale", { total: 42, items: [{ id: "a" }], big: 1n }, {
    sessionId: "s1",
    timestamp: 1_700_000_000_123.25,
    traceparent: `00-${TRACE}-${SPAN}-01`,
  });
  bus.publish("shop.open", {}, { timestamp: 12.5 });
  await bus.stop();
  await provider.forceFlush();
  const [sale, open] = exporter.getFinishedLogRecords();
  assertEquals(sale?.eventName, "shop.sale");
  assertEquals([sale?.severityNumber, sale?.severityText], [13, "WARN"]);
  assertEquals(sale?.body, "sold 42");
  assertEquals({ ...sale?.attributes }, {
    "session.id": "s1",
    total: 42,
    items: [{ id: "a" }],
    big: "1",
  });
  assertEquals(sale?.hrTime, [1_700_000_000, 123_250_000]);
  assertEquals(
    [sale?.spanContext?.traceId, sale?.spanContext?.spanId, sale?.spanContext?.traceFlags],
    [TRACE, SPAN, TraceFlags.SAMPLED],
  );
  assertEquals([open?.body, open?.spanContext], ["shop.open", undefined]);
  // Small times are times too, not readings of performance.now().
  assertEquals(open?.hrTime, [0, 12_500_000]);
  assertEquals({ ...open?.attributes }, {});
  await provider.shutdown();
});

Deno.test("an event's own attribute comes before its session of the same name", async () => {
  const attributes: unknown[] = [];
  const emitter = {
    emit: (record: { attributes?: unknown }) => attributes.push(record.attributes),
  };
  const { bus } = loggingBus({ sink: otelLogSink(emitter as unknown as OtelLogger) });
  bus.publish("a", { "session.id": "own", total: 1 }, { sessionId: "s1" });
  await bus.stop();
  assertEquals(attributes, [{ "session.id": "own", total: 1 }]);
});

Deno.test("a span that is active while the bus drains is not the record's", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const { bus } = loggingBus({ sink: otelLogSink(provider.getLogger("shop")) });
  const active = trace.setSpanContext(context.active(), {
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: TraceFlags.SAMPLED,
  });
  context.setGlobalContextManager(new StackContextManager().enable());
  try {
    bus.publish("a");
    context.with(active, () => bus.flushSync());
  } finally {
    context.disable();
  }
  await bus.stop();
  await provider.forceFlush();
  assertEquals(exporter.getFinishedLogRecords().map(({ spanContext }) => spanContext), [undefined]);
  await provider.shutdown();
});

Deno.test("contextOf says which span; without it the event's traceparent does", async () => {
  const given = { traceId: "f".repeat(32), spanId: "e".repeat(16), traceFlags: 0 };
  const { bus, records } = loggingBus({
    contextOf: ({ sessionId }) => sessionId === "given" ? given : undefined,
  });
  const traceparents: (string | undefined)[] = [
    `00-${TRACE}-${SPAN}-00`,
    `cc-${TRACE}-${SPAN}-01-what-the-future-has`,
    undefined,
    "",
    "00-0-0-0",
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${"x".repeat(10_000)}`,
  ];
  for (const traceparent of traceparents) {
    bus.publish("a", {}, { traceparent });
  }
  bus.publish("a", {}, { sessionId: "given", traceparent: `00-${TRACE}-${SPAN}-01` });
  await bus.stop();
  const context = records.map(({ traceId, spanId, traceFlags }) =>
    traceId && { traceId, spanId, traceFlags }
  );
  assertEquals(context.slice(0, 2), [
    { traceId: TRACE, spanId: SPAN, traceFlags: 0 },
    { traceId: TRACE, spanId: SPAN, traceFlags: 1 },
  ]);
  assertEquals(context.slice(2, -1), traceparents.slice(2).map(() => undefined));
  assertEquals(context.at(-1), given);
});

Deno.test("JSON lines: one object a line, whatever is in it", async () => {
  const lines: string[] = [];
  const write = jsonLinesSink({ write: (line) => lines.push(line) });
  const { bus } = loggingBus({
    logs: { a: { level: "error", body: () => "two\nlines\r\u2028\u2029\u0085" } },
    sink: (record) => {
      const isBeyond = record.sessionId.startsWith("beyond");
      return write(isBeyond ? { ...record, timestampMs: 1e300, sessionId: "" } : record);
    },
  });
  bus.publish("a", { text: "\n\u2028" }, {
    sessionId: "s1",
    operationId: "o1",
    timestamp: 1_700_000_000_123.9,
    traceparent: `00-${TRACE}-${SPAN}-01`,
  });
  bus.publish("a", {}, { sessionId: "beyond what a Date can hold" });
  await bus.stop();
  assertEquals(lines.map((line) => /[\n\r\u2028\u2029\u0085]/.test(line)), [false, false]);
  assertEquals(
    Object.entries(JSON.parse(lines[0] ?? "")),
    Object.entries({
      timestamp: "2023-11-14T22:13:20.123Z",
      level: "error",
      body: "two\nlines\r\u2028\u2029\u0085",
      eventType: "a",
      sessionId: "s1",
      operationId: "o1",
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: 1,
      attributes: { text: "\n\u2028" },
    }),
  );
  assertEquals(Object.keys(JSON.parse(lines[1] ?? "")), [
    "timestamp",
    "level",
    "body",
    "eventType",
    "attributes",
  ]);
  assertEquals(JSON.parse(lines[1] ?? "").timestamp, 1e300);
});

/** The global scope as on a page, until the end of the scope. */
function withoutRuntime(): Disposable {
  const names = ["Deno", "process"].filter((name) => name in globalThis);
  const had = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)!);
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      writable: true,
      value: undefined,
    });
  }
  return {
    [Symbol.dispose]: () => {
      names.forEach((name, i) => Object.defineProperty(globalThis, name, had[i]!));
    },
  };
}

Deno.test("JSON lines have any time that there is, as JSON writes it", async () => {
  const times: string[] = [];
  const { bus } = loggingBus({
    maxPerSecond: Infinity,
    sink: jsonLinesSink({ write: (line) => times.push(JSON.parse(line).timestamp) }),
  });
  const endOf9999 = Date.UTC(10_000, 0) - 1;
  for (const timestamp of [0, 0.9, 999.5, -1, endOf9999, endOf9999 + 1, 8.64e15, 1_000, 2_001]) {
    bus.publish("a", {}, { timestamp });
  }
  await bus.stop();
  assertEquals(times, [
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.999Z",
    "1969-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59.999Z",
    "+010000-01-01T00:00:00.000Z",
    "+275760-09-13T00:00:00.000Z",
    "1970-01-01T00:00:01.000Z",
    "1970-01-01T00:00:02.001Z",
  ]);
});

Deno.test("JSON lines go to the console where there is no standard output", async () => {
  const { console } = globalThis;
  const lines: unknown[] = [];
  globalThis.console = { ...console, log: (line: unknown) => lines.push(line) };
  const runtime = withoutRuntime();
  try {
    const sink = jsonLinesSink();
    runtime[Symbol.dispose]();
    const { bus } = loggingBus({ sink });
    bus.publish("a", { n: "%d\x7f" });
    await bus.stop();
  } finally {
    runtime[Symbol.dispose]();
    globalThis.console = console;
  }
  assertEquals(lines.map((line) => String(line).includes("\x7f")), [false]);
  assertEquals(JSON.parse(lines[0] as string).attributes, { n: "%d\x7f" });
});

Deno.test("a logger or a write that is none is refused", () => {
  assertThrows(
    () => otelLogSink(undefined as unknown as OtelLogger),
    TypeError,
    "Cannot create otelLogSink: logger must be an object with a method emit, received undefined",
  );
  assertThrows(
    () => jsonLinesSink({ write: "console" as unknown as () => void }),
    TypeError,
    "Cannot create jsonLinesSink: write must be a function, received",
  );
  assertThrows(
    () => jsonLinesSink({ write: () => {}, writeLines: () => {} }),
    TypeError,
    "Cannot create jsonLinesSink: write and writeLines cannot both be given",
  );
});

Deno.test("a disabled bus takes a logging subscriber and calls nothing", async () => {
  const bus = new EventBus({ enabled: false });
  bus.registerSubscriber(
    new LoggingSubscriber<AnyEvents>({
      logs: { a: { level: "info" } },
      sink: () => assertEquals(1, 2),
    }),
  );
  bus.publish("a");
  await bus.stop();
});
