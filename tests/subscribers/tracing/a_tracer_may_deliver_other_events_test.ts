import { assertEquals } from "@std/assert";
import { trace } from "@opentelemetry/api";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  "job.start": undefined;
  "job.end": undefined;
  "step.start": undefined;
  "step.end": undefined;
}

const { span } = declare<Events>();

Deno.test("A tracer that has other events delivered while it starts a span mixes no sessions up", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus<Events>({ logger }).start();
  const ended: number[] = [];
  const parents: (string | undefined)[] = [];
  let started = 0;
  const tracing = new TracingSubscriber<Events>({
    tracer: {
      startSpan: (_name, _options, context) => {
        const n = ++started;
        parents[n] = context && trace.getSpanContext(context)?.spanId.slice(-1);
        if (n === 1) bus.flushSync();
        const inner = trace.wrapSpanContext({
          traceId: "1".repeat(32),
          spanId: `${n}`.padStart(16, "0"),
          traceFlags: 1,
        });
        inner.end = () => void ended.push(n);
        return inner;
      },
    },
    spans: {
      job: span("job.start", "job.end", { root: true }),
      step: span("step.start", "step.end"),
    },
    logger,
  });
  bus.registerSubscriber(tracing);
  // While the first span is started, the same session gets its second, and others begin and end.
  for (const sessionId of ["s", "s", "other", "third"]) {
    bus.publish("job.start", undefined, { sessionId });
  }
  bus.publish("job.end", undefined, { sessionId: "third" });
  await bus.flush();
  assertEquals([started, ended], [4, [4]]);
  for (const sessionId of ["s", "s"]) bus.publish("job.end", undefined, { sessionId });
  // The root of the others is still known.
  for (const type of ["step.start", "step.end", "job.end"] as const) {
    bus.publish(type, undefined, { sessionId: "other" });
  }
  await bus.flush();
  assertEquals(ended.toSorted(), [1, 2, 3, 4, 5]);
  assertEquals(parents[5], "3");
  const { open, orphanedEnds, expired } = tracing.stats();
  assertEquals({ open, orphanedEnds, expired }, { open: 0, orphanedEnds: 0, expired: 0 });
  await bus.stop();
});
