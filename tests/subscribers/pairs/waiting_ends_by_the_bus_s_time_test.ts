import { assertEquals } from "@std/assert";
import { trace } from "@opentelemetry/api";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber, TracingSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { nextTurn, ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import { holdTimers } from "../../support/watched_timers.ts";

interface Events {
  "job.start": undefined;
  "job.end": undefined;
  "tick": undefined;
}

const { counter, duration, span } = declare<Events>();
const T0 = 1_700_000_000_000;
const AGE_MS = 123_456;

/** The same of both subscribers that wait for ends. */
interface Waiting {
  readonly subscriber: MetricsSubscriber<Events> | TracingSubscriber<Events>;
  readonly lines: readonly string[];
  counts(): { open: number; ended: number; expired: number };
}

function waitingMetrics(maxPairAgeMs: number): Waiting {
  const logger = new MemoryLogger();
  const subscriber = new MetricsSubscriber<Events>({
    metrics: { "job.duration": duration("job.start", "job.end"), "ticks": counter("tick") },
    maxPairAgeMs,
    logger,
  });
  return {
    subscriber,
    lines: logger.lines,
    counts: () => {
      const { openPairs: open, expiredPairs: expired } = subscriber.stats();
      const measured = subscriber.collect()[0];
      const point = measured?.kind === "histogram" ? measured.points[0] : undefined;
      return { open, ended: point?.count ?? 0, expired };
    },
  };
}

function waitingSpans(maxPairAgeMs: number): Waiting {
  const logger = new MemoryLogger();
  const subscriber = new TracingSubscriber<Events>({
    tracer: trace.getTracer("test"),
    spans: { job: span("job.start", "job.end") },
    maxPairAgeMs,
    logger,
  });
  return {
    subscriber,
    lines: logger.lines,
    counts: () => {
      const { open, ended, expired } = subscriber.stats();
      return { open, ended, expired };
    },
  };
}

for (
  const [what, create] of [["Durations", waitingMetrics], ["Spans", waitingSpans]] as const
) {
  const setUp = (maxPairAgeMs = AGE_MS) => {
    const waiting = create(maxPairAgeMs);
    const clock = new ManualClock(T0);
    const bus = new EventBus<Events>({
      clock: clock.now,
      logger: new MemoryLogger(),
      drainBudgetMs: ONE_SLICE_MS,
    }).start();
    const registration = bus.registerSubscriber(waiting.subscriber);
    /** Publishes and has a slice run, without the flush of the subscribers. */
    const publish = async (type: keyof Events, sessionId = "", timestamp?: number | Date) => {
      bus.publish(type, undefined, { sessionId, timestamp });
      await nextTurn();
    };
    return { ...waiting, clock, bus, publish, registration };
  };

  const FOREIGN: [clock: string, start: number | Date, end: number | Date][] = [
    ["an hour ahead", T0 + 3_600_000, T0 + 3_605_000],
    ["a century ahead", T0 + 3.2e12, T0 + 3.2e12 + 5_000],
    ["an hour behind", T0 - 3_600_000, T0 - 3_595_000],
    ["in seconds", T0 / 1_000, T0 / 1_000 + 5],
    ["of dates", new Date(T0 - 3_600_000), new Date(T0 - 3_595_000)],
    ["at 0", 0, 5_000],
    ["that goes back", T0, T0 - 3_600_000],
  ];
  for (const [name, start, end] of FOREIGN) {
    Deno.test(`${what}: a producer's clock ${name} loses nothing, of its own or of others`, async () => {
      const { bus, clock, publish, counts } = setUp(1_000);
      for (let i = 0; i < 10; i++) await publish("job.start", `before ${i}`);
      await publish("job.start", "foreign", start);
      for (let i = 0; i < 10; i++) await publish("job.start", `after ${i}`);
      clock.advance(900);
      await publish("tick");
      await bus.flush();
      assertEquals(counts(), { open: 21, ended: 0, expired: 0 });
      await publish("job.end", "foreign", end);
      for (let i = 0; i < 10; i++) await publish("job.end", `before ${i}`);
      for (let i = 0; i < 10; i++) await publish("job.end", `after ${i}`);
      await bus.stop();
      assertEquals(counts(), { open: 0, ended: 21, expired: 0 });
    });
  }

  Deno.test(`${what}: what is of no use to anybody expires, whatever its time says`, async () => {
    for (const [, start] of FOREIGN) {
      const { bus, clock, publish, counts } = setUp(1_000);
      await publish("job.start", "foreign", start);
      clock.advance(1_001);
      await bus.flush();
      assertEquals(counts(), { open: 0, ended: 0, expired: 1 });
      await bus.stop();
    }
  });

  Deno.test(`${what}: without traffic a timer has them expire, and rests when none is open`, async () => {
    using timers = holdTimers();
    const delays = () => timers.waiting.map(({ delayMs }) => delayMs);
    const { bus, clock, publish, counts, lines } = setUp();
    await publish("tick");
    assertEquals(delays(), []);
    await publish("job.start", "a");
    clock.advance(23_456);
    await publish("job.start", "b");
    assertEquals(delays(), [AGE_MS]);
    clock.advance(100_001);
    timers.waiting[0]?.fire();
    assertEquals(counts(), { open: 1, ended: 0, expired: 1 });
    assertEquals(lines.length, 1);
    await nextTurn();
    // b is due then.
    assertEquals(delays(), [23_455]);
    clock.advance(23_456);
    timers.waiting[0]?.fire();
    await nextTurn();
    assertEquals(counts(), { open: 0, ended: 0, expired: 2 });
    assertEquals(delays(), []);
    await bus.stop();
  });

  Deno.test(`${what}: who asks within a slice does not keep the timer from being set`, async () => {
    using timers = holdTimers();
    const { bus, clock, publish, counts, subscriber } = setUp();
    bus.subscribe("job.start", () => void subscriber.flush());
    await publish("job.start");
    assertEquals(timers.waiting.map(({ delayMs }) => delayMs), [AGE_MS]);
    clock.advance(AGE_MS + 1);
    timers.waiting[0]?.fire();
    assertEquals(counts(), { open: 0, ended: 0, expired: 1 });
    await nextTurn();
    await bus.stop();
  });

  Deno.test(`${what}: a timer takes a second at least, at most what timers can, and none for ever`, async () => {
    for (
      const [ageMs, delayMs] of [[0.5, 1_000], [2 ** 40, 2 ** 31 - 1], [Infinity, undefined]]
    ) {
      using timers = holdTimers();
      const { bus, publish } = setUp(ageMs);
      await publish("job.start");
      assertEquals(timers.waiting[0]?.delayMs, delayMs);
      await bus.stop();
    }
  });

  Deno.test(`${what}: what has ended in time leaves the timer nothing to do`, async () => {
    using timers = holdTimers();
    const { bus, clock, publish, counts, lines } = setUp();
    await publish("job.start");
    await publish("job.end");
    clock.advance(AGE_MS);
    timers.waiting[0]?.fire();
    await nextTurn();
    assertEquals(timers.waiting, []);
    assertEquals(counts(), { open: 0, ended: 1, expired: 0 });
    assertEquals(lines, []);
    await bus.stop();
  });

  // Deno's sanitizer finds the timers that are left.
  Deno.test(`${what}: a stop leaves no timer, also when one is just about to be set`, async () => {
    const { bus, publish, subscriber, counts } = setUp();
    await publish("job.start", "a");
    await bus.stop();
    bus.start().registerSubscriber(subscriber);
    bus.publish("job.start", undefined, { sessionId: "b" });
    bus.flushSync();
    assertEquals(counts().open > 0, true);
    using timers = holdTimers();
    subscriber.shutdown();
    await nextTurn();
    assertEquals(timers.waiting, []);
    await bus.stop();
  });

  Deno.test(`${what}: who is no longer registered comes to rest by itself`, async () => {
    using timers = holdTimers();
    const { bus, clock, publish, counts, registration } = setUp();
    await publish("job.start");
    registration[Symbol.dispose]();
    clock.advance(AGE_MS + 1);
    timers.waiting[0]?.fire();
    await nextTurn();
    assertEquals(counts(), { open: 0, ended: 0, expired: 1 });
    assertEquals(timers.waiting, []);
    await bus.stop();
  });

  Deno.test(`${what}: a timer that a request took with it is replaced`, async () => {
    using timers = holdTimers();
    const { bus, clock, publish } = setUp();
    await publish("job.start", "a");
    const [lost] = timers.waiting;
    clock.advance(AGE_MS + 1_000);
    await publish("job.start", "b");
    assertEquals(timers.waiting.map((timer) => timer === lost), [true]);
    clock.advance(1);
    await publish("job.start", "c");
    assertEquals(timers.waiting.map((timer) => timer === lost), [true, false]);
    await bus.stop();
  });

  Deno.test(`${what}: a clock that jumps back has nobody wait the longer`, async () => {
    using timers = holdTimers();
    const { bus, clock, publish, counts } = setUp();
    await publish("job.start", "a");
    clock.advance(-3_600_000);
    await publish("job.start", "b");
    clock.advance(AGE_MS + 1);
    timers.waiting[0]?.fire();
    assertEquals(counts(), { open: 0, ended: 0, expired: 2 });
    await bus.stop();
  });

  Deno.test(`${what}: a slice that opens nothing, and a flush of nothing, read no clock`, () => {
    using _timers = holdTimers();
    const { subscriber } = create(AGE_MS);
    let reads = 0;
    const handlers = subscriber.getSubscriptions({ now: () => T0 + reads++ });
    const deliver = (type: keyof Events) =>
      handlers[type]?.({
        type,
        timestamp: T0,
        metadata: undefined,
        sessionId: "",
        operationId: "",
        traceparent: undefined,
        tracestate: undefined,
      } as never);
    const readIn = (step: () => void) => {
      const before = reads;
      step();
      return reads - before;
    };
    assertEquals(readIn(() => subscriber.onDrain()), 0);
    assertEquals(readIn(() => subscriber.flush()), 0);
    // Opened and ended in one slice.
    assertEquals(readIn(() => (deliver("job.start"), deliver("job.end"), subscriber.onDrain())), 0);
    assertEquals(readIn(() => (deliver("job.start"), deliver("job.start"))), 0);
    assertEquals(readIn(() => subscriber.onDrain()), 1);
    assertEquals(readIn(() => (deliver("job.end"), subscriber.onDrain())), 0);
    assertEquals(readIn(() => subscriber.flush()), 1);
    subscriber.shutdown();
  });

  Deno.test(`${what}: a bus that gives no clock leaves the wall clock`, async () => {
    const { subscriber, counts } = create(60_000);
    const { "job.start": start } = subscriber.getSubscriptions() as Record<
      string,
      (event: unknown) => void
    >;
    start?.({ type: "job.start", timestamp: 0, sessionId: "", operationId: "" });
    subscriber.onDrain();
    subscriber.flush();
    assertEquals(counts(), { open: 1, ended: 0, expired: 0 });
    subscriber.shutdown();
    await nextTurn();
  });
}
