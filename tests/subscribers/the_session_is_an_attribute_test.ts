import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  LoggingSubscriber,
  type LogRecord,
  type OtelLogger,
  otelLogSink,
} from "@busbar/busbar/subscribers";
import { declare } from "@busbar/busbar/catalog";
import { type TestEvents, tracedBus } from "../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const read = span("read.start", "read.end");

Deno.test("a span holds neither its session nor its operation id unless it is asked to", async () => {
  const traced = tracedBus({ read });
  traced.publish("read.start", 0, { size: 1 }, { operationId: "own" });
  traced.publish("read.end", 1, { hit: true }, { operationId: "own" });
  traced.publish("read.start", 2, { operationId: "in metadata", size: 2 });
  traced.publish("read.end", 3, { operationId: "in metadata", hit: false });
  const ended = await traced.stop();
  assertEquals(ended.map(({ attributes }) => attributes), [
    { size: 1, hit: true },
    { size: 2, hit: false },
  ]);
});

Deno.test("what fails a span does not say its operation id either", async () => {
  const failing = span("read.start", "read.end", { failedBy: "read.failed" });
  const traced = tracedBus({ read: failing });
  const metadata = { operationId: 7 };
  traced.publish("read.start", 0, metadata);
  traced.publish("read.failed", 1, { ...metadata, why: "gone" });
  traced.publish("read.end", 2, metadata);
  const [ended] = await traced.stop();
  assertEquals(ended?.events.map(({ attributes }) => attributes), [{ why: "gone" }]);
});

Deno.test("each id is asked for by the name of its attribute; where there is none, there is none", async () => {
  const cases = [
    [{ sessionIdAttribute: "session.id" }, { "session.id": "s" }],
    [{ operationIdAttribute: "operation" }, { "operation": "7" }],
    [
      { sessionIdAttribute: "session_id", operationIdAttribute: "operation_id" },
      { "session_id": "s", "operation_id": "7" },
    ],
  ] as const;
  for (const [options, attributes] of cases) {
    const traced = tracedBus({ read }, options);
    traced.publish("read.start", 0, { operationId: 7 });
    traced.publish("read.end", 1, { operationId: 7 });
    traced.publish("read.start", 2, {}, { sessionId: "" });
    traced.publish("read.end", 3, {}, { sessionId: "" });
    const ended = await traced.stop();
    assertEquals(ended.map((span) => span.attributes), [attributes, {}]);
  }
});

Deno.test("a declaration asks with attributes of its own", async () => {
  const traced = tracedBus({
    read: span("read.start", "read.end", {
      attributes: ({ sessionId, operationId }) => ({ sessionId, operationId }),
    }),
  });
  traced.publish("read.start", 0, {}, { operationId: "1" });
  traced.publish("read.end", 1, {}, { operationId: "1" });
  const [ended] = await traced.stop();
  assertEquals(ended?.attributes, { sessionId: "s", operationId: "1" });
});

for (const sessionIdAttribute of [undefined, "session_id"]) {
  const expected = sessionIdAttribute ?? "session.id";

  Deno.test(`a log record's session is its attribute ${expected}`, async () => {
    const emitted: Partial<LogRecord>[] = [];
    const logger = { emit: (record: Partial<LogRecord>) => void emitted.push(record) };
    const bus = new EventBus().start();
    bus.registerSubscriber(
      new LoggingSubscriber({
        logs: { a: { level: "info" } },
        sink: otelLogSink(logger as unknown as OtelLogger, { sessionIdAttribute }),
      }),
    );
    bus.publish("a", {}, { sessionId: "s" });
    await bus.stop();
    assertEquals(emitted.map(({ attributes }) => attributes), [{ [expected]: "s" }]);
  });
}
