import { assertEquals, assertStringIncludes } from "@std/assert";
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

const failing = (what: string) => (): never => {
  throw new Error(`${what} failed`);
};

Deno.test("each of them is counted and told by itself", async () => {
  const cases: Record<string, Parameters<typeof loggingBus>[0]> = {
    body: { logs: { a: { level: "info", body: failing("body") } } },
    attributes: { logs: { a: { level: "info", attributes: failing("attributes") } } },
    context: { contextOf: failing("context") },
    clock: { clock: failing("clock") },
  };
  for (const [what, options] of Object.entries(cases)) {
    const { bus, records, lines } = loggingBus(options);
    bus.publish("a");
    assertEquals([(await bus.stop()).failures, records.length], [1, 1], what);
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0] ?? "", `${what} failed`);
  }
});
