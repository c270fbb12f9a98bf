import { assertEquals } from "@std/assert";
import { loggingBus } from "../../support/logging_bus.ts";

const fail = (): never => {
  throw new Error("no");
};

Deno.test("a function that fails costs what it says, and not the record", async () => {
  const { bus, records } = loggingBus({
    logs: { a: { level: "info", body: fail, attributes: fail } },
    contextOf: fail,
    clock: fail,
  });
  const span = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
  bus.publish("a", { secret: 1 }, {
    traceparent: `00-${span.traceId}-${span.spanId}-01`,
    timestamp: 5,
  });
  assertEquals((await bus.stop()).failures, 1);
  assertEquals(records, [{
    timestampMs: 5,
    level: "info",
    severityNumber: 9,
    body: "a",
    attributes: {},
    eventType: "a",
    sessionId: "",
    operationId: "",
    ...span,
  }]);
});
