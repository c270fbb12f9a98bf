import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";
import { FakeThread, totalsOf } from "../../support/thread_memories.ts";
import { MIRROR } from "../../../src/subscribers/metrics/mirror.ts";

interface Events {
  "took": { ms: number; trace: string };
}
const { catalog, histogram } = declare<Events>();
const { metrics } = catalog({
  metrics: {
    "took": histogram("took", { value: ({ metadata: { ms } }) => ms, buckets: [1, 10] }),
  },
});
const SPAN = "00f067aa0ba902b7";
const trace = (digit: string) => digit.repeat(32);

/** A thread, and what publishes an event there that belongs to a trace. */
function tracedThread(name: string) {
  const thread = new FakeThread(name);
  const { bus } = quietBus();
  const options = {
    metrics,
    contextOf: ({ metadata }: { metadata: unknown }) => ({
      traceId: (metadata as Events["took"]).trace,
      spanId: SPAN,
      traceFlags: 1,
    }),
    [MIRROR]: thread.writer,
  };
  bus.registerSubscriber(new MetricsSubscriber<Events>(options) as never);
  bus.start();
  const publish = (ms: number, trace: string, timestamp: number) =>
    bus.publish("took", { ms, trace }, { timestamp });
  return { thread, bus, publish };
}

Deno.test("of each bucket the newest exemplar of any thread is shown", async () => {
  const [a, b] = [tracedThread("a"), tracedThread("b")];
  await using _a = a.bus;
  await using _b = b.bus;
  a.publish(0.5, trace("a"), 1_000.25);
  a.publish(5, trace("b"), 3_000);
  b.publish(0.75, trace("c"), 2_000);
  b.publish(5, trace("d"), 2_000);
  b.publish(50, "no trace", 2_000);
  for (const { bus } of [a, b]) await bus.flush();
  const [metric] = totalsOf([a.thread, b.thread]).metrics;
  assert(metric?.kind === "histogram");
  assertEquals(metric.points[0]?.count, 5);
  assertEquals(metric.points[0]?.exemplars, [
    { value: 0.75, timestampMs: 2_000, traceId: trace("c"), spanId: SPAN },
    { value: 5, timestampMs: 3_000, traceId: trace("b"), spanId: SPAN },
  ]);
  a.publish(0.5, trace("f"), 4_000.25);
  await a.bus.flush();
  const [later] = totalsOf([a.thread, b.thread]).metrics;
  assert(later?.kind === "histogram");
  assertEquals(later.points[0]?.exemplars[0], {
    value: 0.5,
    timestampMs: 4_000.25,
    traceId: trace("f"),
    spanId: SPAN,
  });
});
