import { assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { INVALID_SPAN_CONTEXT, trace } from "@opentelemetry/api";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { nextTurn, ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import { hurryTimers } from "../../support/watched_timers.ts";

interface Events {
  "job.start": undefined;
  "job.end": undefined;
}

const { span } = declare<Events>();
const AGE_MS = 123_456;

/** How the slice runs that opens something. */
const SLICES: Record<string, (bus: EventBus<Events>) => void> = {
  "by itself": () => {},
  "at a flushSync of a request": (bus) => bus.flushSync(),
};

for (const [how, run] of Object.entries(SLICES)) {
  Deno.test(`what a slice ${how} opened expires outside of all requests`, async () => {
    using _timers = hurryTimers(AGE_MS);
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const clock = new ManualClock();
    const bus = new EventBus<Events>({
      clock: clock.now,
      logger: new MemoryLogger(),
      drainBudgetMs: ONE_SLICE_MS,
    }).start();
    const tracing = new TracingSubscriber<Events>({
      tracer: {
        startSpan: () => {
          const made = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
          made.end = () => void seen.push(storage.getStore());
          return made;
        },
      },
      spans: { job: span("job.start", "job.end") },
      maxPairAgeMs: AGE_MS,
      logger: new MemoryLogger(),
    });
    bus.registerSubscriber(tracing);
    storage.run("a request", () => {
      bus.publish("job.start");
      run(bus);
    });
    await nextTurn();
    clock.advance(AGE_MS + 1);
    // The timer fires again and again until it finds something overdue.
    while (tracing.stats().open > 0) await nextTurn();
    assertEquals(seen, [undefined]);
    await bus.stop();
  });
}
