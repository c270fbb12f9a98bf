import { assertEquals, assertStringIncludes } from "@std/assert";
import type { EventBus, EventBusOptions, PublishInit } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { quietBus } from "../support/quiet_bus.ts";

const fail = (): never => {
  throw new Error("no");
};

/** What untyped code may hand over beside the type and the metadata. */
const INITS: Readonly<Record<string, unknown>> = {
  "a timestamp that throws": Object.defineProperty({}, "timestamp", { get: fail }),
  "a session that throws": Object.defineProperty({}, "sessionId", { get: fail }),
  "a traceparent that throws": Object.defineProperty({}, "traceparent", { get: fail }),
  "a proxy that throws": new Proxy({}, { get: fail }),
};

/** Buses in each state that a publish may find. */
const STATES: Readonly<Record<string, () => EventBus>> = {
  "a bus": () => quietBus().bus.start(),
  "a bus that was never started": () => quietBus().bus,
  "a disabled bus": () => quietBus({ enabled: false }).bus,
  "a stopped bus": () => {
    const { bus } = quietBus();
    void bus.stop();
    return bus;
  },
  ...Object.fromEntries(
    (["drop-newest", "drop-oldest", "inline"] as const).map((overflow) => [
      `a full bus, ${overflow}`,
      () => {
        const { bus } = quietBus({ maxQueueSize: 1, overflow });
        bus.start().publish("a");
        return bus;
      },
    ]),
  ),
};

/** What of the bus's own may fail while it publishes. */
const FOREIGN: Readonly<Record<string, EventBusOptions>> = {
  "a clock that throws": { clock: fail },
  "a clock that throws nothing": {
    clock: () => {
      throw undefined;
    },
  },
  "a logger that throws": { logger: { warn: fail } },
};

function assertExact(bus: EventBus): void {
  const { published, accepted, delivered, pending, rejected, dropped } = bus.stats();
  const sum = (counts: object) => Object.values(counts).reduce((a: number, b: number) => a + b, 0);
  assertEquals(published, accepted + sum(rejected));
  assertEquals(accepted, delivered + sum(dropped) + pending);
}

for (const [state, create] of Object.entries(STATES)) {
  Deno.test(`nothing that is handed to ${state} makes a publish throw`, async () => {
    const bus = create();
    for (const init of Object.values(INITS)) {
      assertEquals(typeof bus.publish("a", undefined, init as PublishInit), "boolean");
    }
    for (const type of [undefined, null, 5, Symbol("a"), new Proxy({}, { get: fail })]) {
      assertEquals(
        bus.publish(type as string, undefined, INITS["a proxy that throws"] as never),
        false,
      );
    }
    bus.publish("a", new Proxy({}, { get: fail, has: fail, ownKeys: fail }));
    assertExact(bus);
    await bus.stop();
    assertExact(bus);
  });
}

for (const [what, options] of Object.entries(FOREIGN)) {
  Deno.test(`${what} makes no publish throw, though events are lost`, async () => {
    const { bus } = quietBus({ maxQueueSize: 1, ...options });
    assertEquals([bus.publish("a"), bus.publish("a")], [true, false]);
    await bus.stop();
    assertExact(bus);
  });
}

Deno.test("an event whose init throws is published without it; that is counted, and logged", async () => {
  const { bus, lines } = quietBus();
  const recorder = new RecordingSubscriber();
  bus.start().registerSubscriber(recorder);
  for (const init of Object.values(INITS)) bus.publish("a", 1, init as PublishInit);
  await bus.stop();
  const seen = recorder.events.map(({ metadata, sessionId, traceparent }) => [
    metadata,
    sessionId,
    traceparent,
  ]);
  assertEquals(seen, Object.values(INITS).map(() => [1, "", undefined]));
  assertEquals({ ...bus.subscriberExceptionCounts() }, { "(publisher)": seen.length });
  assertStringIncludes(lines[0] ?? "", "(publisher) failed in publishing a: no");
});

Deno.test("what an init throws on a disabled or a stopped bus is not even read", async () => {
  const { bus } = quietBus();
  await bus.stop();
  for (const closed of [bus, quietBus({ enabled: false }).bus]) {
    assertEquals(closed.publish("a", 1, INITS["a proxy that throws"] as PublishInit), false);
    assertEquals({ ...closed.subscriberExceptionCounts() }, {});
  }
});

Deno.test("an init whose getter publishes as well does not overfill the queue", async () => {
  const { bus } = quietBus({ maxQueueSize: 1 });
  const accepted: boolean[] = [];
  const init: PublishInit = {
    get sessionId() {
      accepted.push(bus.publish("b"));
      return "s";
    },
  };
  accepted.push(bus.publish("a", 1, init));
  assertEquals([accepted, bus.queueDepth], [[true, false], 1]);
  await bus.stop();
});

Deno.test("a context that publishes does not overfill the queue, and one that stops the bus has the event rejected", async () => {
  let publishes = 0;
  let stopping: Promise<unknown> | undefined;
  const { bus } = quietBus({
    maxQueueSize: 2,
    context: () => {
      if (publishes++ < 5) bus.publish("of the context");
      return undefined;
    },
  });
  bus.publish("a");
  assertEquals(bus.queueDepth, 2);
  await bus.stop();

  const stopped = quietBus({
    context: () => {
      stopping ??= stopped.bus.stop();
      return undefined;
    },
  });
  assertEquals(stopped.bus.publish("a"), false);
  await stopping;
  assertEquals([stopped.bus.stats().rejected.stopped, stopped.bus.stats().pending], [1, 0]);
});
