import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { named, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

Deno.test("The span of a session is its root, or else the one opened last, while it is open", async () => {
  const traced = tracedBus({
    request: span("request.start", "request.end", { root: true }),
    read: span("read.start", "read.end"),
  });
  const idOf = (...args: [sessionId: string, operationId?: string]) =>
    traced.tracing.spanContext(...args)?.spanId;
  traced.publish("request.start", 0);
  traced.publish("read.start", 1, { operationId: 7 });
  traced.publish("read.start", 2, {}, { sessionId: "other" });
  assertEquals(idOf("s"), undefined);
  await traced.bus.flush();
  const seen = [idOf("s"), idOf("s", "7"), idOf("other")];
  assertEquals([idOf("s", "8"), idOf("nobody's"), idOf("")], [undefined, undefined, undefined]);
  traced.publish("read.end", 3, { operationId: 7 });
  traced.publish("read.end", 3, {}, { sessionId: "other" });
  traced.publish("request.end", 4);
  const spans = await traced.ended();
  assertEquals([idOf("s"), idOf("s", "7"), idOf("other")], [undefined, undefined, undefined]);
  const [inSession, alone] = spans.filter(({ name }) => name === "read");
  assertEquals(seen, [
    named(spans, "request").spanContext().spanId,
    inSession?.spanContext().spanId,
    alone?.spanContext().spanId,
  ]);
  await traced.stop();
});
