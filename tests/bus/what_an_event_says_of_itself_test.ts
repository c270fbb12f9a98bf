import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  type BusEvent,
  EventBus,
  type EventBusOptions,
  type EventContext,
  type PublishInit,
} from "@busbar/busbar";
import { MemoryLogger, RecordingSubscriber } from "@busbar/busbar/testing";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Publishes one event, and returns it as it arrives, and what was counted and logged. */
async function published(init: unknown, options: EventBusOptions = {}) {
  const logger = new MemoryLogger();
  const bus = new EventBus({ clock: () => 1_000, logger, ...options }).start();
  const recorder = new RecordingSubscriber();
  bus.registerSubscriber(recorder);
  assertEquals(bus.publish("a", undefined, init as PublishInit), true);
  await bus.stop();
  const [event] = recorder.events as BusEvent[];
  return { event: event!, lines: logger.lines, counts: { ...bus.subscriberExceptionCounts() } };
}

Deno.test("an event carries what its init says", async () => {
  const init = {
    sessionId: "s",
    operationId: "o",
    traceparent: TRACEPARENT,
    tracestate: "vendor=1",
    timestamp: 5.25,
  };
  const { event } = await published(init);
  assertEquals(event, { type: "a", metadata: undefined, ...init });
});

Deno.test("what nobody says is empty", async () => {
  const { event } = await published(undefined);
  const { sessionId, operationId, traceparent, tracestate, timestamp } = event;
  assertEquals([sessionId, operationId, traceparent, tracestate], ["", "", undefined, undefined]);
  assertEquals(timestamp, 1_000);
});

Deno.test("the bus's context says what the init leaves out", async () => {
  const context = (): EventContext => ({
    sessionId: "context's",
    operationId: "context's",
    traceparent: TRACEPARENT,
    tracestate: "a=1",
  });
  for (const init of [undefined, {}]) {
    const { event } = await published(init, { context });
    const { sessionId, operationId, traceparent, tracestate } = event;
    assertEquals({ sessionId, operationId, traceparent, tracestate }, context());
  }
  const { event } = await published({ sessionId: "own", tracestate: "b=2" }, { context });
  assertEquals([event.sessionId, event.operationId], ["own", "context's"]);
  assertEquals([event.traceparent, event.tracestate], [TRACEPARENT, "b=2"]);
});

Deno.test("a context that has nothing to say, or fails, costs nothing but what it was to give", async () => {
  assertEquals((await published({ sessionId: "s" }, { context: () => undefined })).counts, {});
  const fail = () => {
    throw new Error("no context");
  };
  const { event, counts, lines } = await published({ sessionId: "s" }, { context: fail });
  assertEquals([event.sessionId, counts], ["s", { "(context)": 1 }]);
  assertStringIncludes(lines.join(), "(context) failed in publishing a: no context");
});

Deno.test("a context that is no function is refused", () => {
  let message = "";
  try {
    new EventBus({ context: 5 as never });
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "Cannot create EventBus: context must be a function, received 5");
});

Deno.test("a timestamp is a number or a Date", async () => {
  for (const timestamp of [0, -1.5, 8.64e15, new Date(1_234)]) {
    const { event, counts } = await published({ timestamp });
    assertEquals([event.timestamp, counts], [Number(timestamp), {}]);
  }
});

const NO_TIMES: readonly unknown[] = [
  "2026-01-01T00:00:00.000Z",
  "1767225600000",
  1_767_225_600_000n,
  1_767_225_600_000_000_000, // nanoseconds: beyond what a Date can hold
  [1_767_225_600, 0],
  new Date(NaN),
  NaN,
  Infinity,
  true,
  Symbol("now"),
  { valueOf: () => "soon" },
  {
    valueOf() {
      throw new Error("no time for you");
    },
  },
];

Deno.test("what is no time is replaced by the bus's, counted and told", async () => {
  for (const timestamp of NO_TIMES) {
    const { event, counts, lines } = await published({ timestamp });
    assertEquals([event.timestamp, lines.length], [1_000, 1]);
    assertEquals(Object.values(counts), [1]);
    assertMatch(lines[0]!, /\((timestamp|publisher)\) failed in publishing a/);
  }
});

Deno.test("it is told once, however often it happens", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger }).start();
  for (let i = 0; i < 100; i++) bus.publish("a", i, { timestamp: NaN });
  await bus.stop();
  assertEquals([logger.lines.length, bus.subscriberExceptionCounts()["(timestamp)"]], [1, 100]);
});
