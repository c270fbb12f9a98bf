import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  DEFAULT_TRACING_OPTIONS,
  LoggingSubscriber,
  type LogRecord,
  type OtelLogger,
  otelLogSink,
} from "@busbar/busbar/subscribers";
import { declare } from "@busbar/busbar/catalog";
import { type TestEvents, tracedBus } from "../support/tracing_bus.ts";

const read = declare<TestEvents>().span("read.start", "read.end");

for (const sessionIdAttribute of [undefined, "session_id"]) {
  const expected = sessionIdAttribute ?? "session.id";

  Deno.test(`a span's session is its attribute ${expected}`, async () => {
    const traced = tracedBus({ read }, { sessionIdAttribute });
    traced.publish("read.start", 0);
    traced.publish("read.end", 1);
    const [span] = await traced.stop();
    assertEquals(span?.attributes, { [expected]: "s" });
  });

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

Deno.test("the default is the name of OpenTelemetry's conventions", () => {
  assertEquals(DEFAULT_TRACING_OPTIONS.sessionIdAttribute, "session.id");
});
