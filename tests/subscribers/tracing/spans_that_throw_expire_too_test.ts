import { assertEquals } from "@std/assert";
import type { Span } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { nextTurn, ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import { holdTimers } from "../../support/watched_timers.ts";

interface Events {
  "job.start": { throws?: "setAttribute" | "end" };
  "job.end": undefined;
  "tick": undefined;
}

const { span } = declare<Events>();

/** A bus with spans of a tracer, of which some throw. */
function throwing(maxOpenPairs: number) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer("test");
  const clock = new ManualClock();
  const bus = new EventBus<Events>({
    clock: clock.now,
    logger: new MemoryLogger(),
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  const tracing = new TracingSubscriber<Events>({
    tracer: {
      startSpan: (name, options, context) => {
        const made = tracer.startSpan(name, options, context);
        const throws = options?.attributes?.["throws"];
        if (typeof throws === "string") {
          made[throws as keyof Span] = () => {
            throw new Error("a span");
          };
        }
        return made;
      },
    },
    spans: { job: span("job.start", "job.end") },
    maxOpenPairs,
    maxPairAgeMs: 60_000,
    logger: new MemoryLogger(),
  });
  bus.registerSubscriber(tracing);
  const stop = async () => {
    await bus.stop();
    await provider.forceFlush();
  };
  return { bus, clock, tracing, exporter, stop };
}

for (const throws of ["setAttribute", "end"] as const) {
  Deno.test(`a span whose ${throws} throws on a timer is counted, and the others expire`, async () => {
    using timers = holdTimers();
    const { bus, clock, tracing, exporter, stop } = throwing(10);
    bus.publish("job.start", { throws }, { sessionId: "a" });
    bus.publish("job.start", {}, { sessionId: "b" });
    await nextTurn();
    clock.advance(60_001);
    timers.waiting[0]?.fire();
    const { open, expired } = tracing.stats();
    assertEquals({ open, expired }, { open: 0, expired: 2 });
    assertEquals(exporter.getFinishedSpans().length, throws === "end" ? 1 : 2);
    assertEquals(bus.subscriberExceptionCounts(), {});
    await bus.flush();
    assertEquals(bus.subscriberExceptionCounts(), { TracingSubscriber: 1 });
    await bus.flush();
    assertEquals(bus.subscriberExceptionCounts(), { TracingSubscriber: 1 });
    await stop();
  });

  Deno.test(`a span whose ${throws} throws leaves its place to one too many`, async () => {
    const { bus, tracing, exporter, stop } = throwing(1);
    bus.publish("job.start", { throws }, { sessionId: "a" });
    bus.publish("job.start", {}, { sessionId: "b" });
    bus.publish("job.end", undefined, { sessionId: "b" });
    await bus.flush();
    const { started, open, expired, ended } = tracing.stats();
    assertEquals({ started, open, expired, ended }, { started: 2, open: 0, expired: 1, ended: 1 });
    assertEquals(exporter.getFinishedSpans().length, throws === "end" ? 1 : 2);
    assertEquals(bus.subscriberExceptionCounts(), { TracingSubscriber: 1 });
    await stop();
  });

  Deno.test(`a span whose ${throws} throws at a stop is counted, and the others end`, async () => {
    const { bus, tracing, exporter, stop } = throwing(10);
    bus.publish("job.start", { throws }, { sessionId: "a" });
    bus.publish("job.start", {}, { sessionId: "b" });
    await stop();
    const { open, expired } = tracing.stats();
    assertEquals({ open, expired }, { open: 0, expired: 2 });
    assertEquals(exporter.getFinishedSpans().length, throws === "end" ? 1 : 2);
    assertEquals(bus.subscriberExceptionCounts(), { TracingSubscriber: 1 });
  });
}
