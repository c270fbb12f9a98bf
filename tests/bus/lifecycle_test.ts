import { assert, assertEquals, assertThrows } from "@std/assert";
import { deadline } from "@std/async";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { collect, nextTurn, quietBus } from "../support/quiet_bus.ts";
import { spiedSignal } from "../support/spied_signal.ts";

Deno.test("start twice, stop twice, stop unstarted are all safe", async () => {
  const bus = new EventBus();
  await bus.stop();
  await bus.stop();
  bus.start().start();
  assertEquals(bus.publish("a"), true);
  await Promise.all([bus.stop(), bus.stop()]);
  assertEquals(bus.stats().delivered, 1);
});

Deno.test("concurrent stops share one promise", async () => {
  const bus = new EventBus().start();
  const first = bus.stop();
  assert(first === bus.stop());
  await first;
});

Deno.test("events published before start wait; stop and flush drain them even unstarted", async () => {
  const bus = new EventBus();
  const seen = collect<number>(bus, (event) => event.metadata);
  bus.publish("a", 1);
  await nextTurn();
  assertEquals(seen, []);
  assertEquals(await bus.flush(), true);
  assertEquals(seen, [1]);
  bus.publish("a", 2);
  await nextTurn();
  assertEquals(seen, [1]);
  await bus.stop();
  assertEquals(seen, [1, 2]);
});

Deno.test("a disabled bus keeps nothing and starts nothing", async () => {
  const bus = new EventBus({ enabled: false }).start();
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  bus.subscribe("a", () => {});
  assertEquals(bus.publish("a"), false);
  assertEquals(bus.hasSubscribers("a"), false);
  assertEquals(await bus.flush(), true);
  await bus.stop();
  assertEquals(bus.stats().published, 0);
  assertEquals(recorder.events, []);
  assertEquals(recorder.calls.shutdown, 0);
});

Deno.test("stop shuts subscribers down once and keeps bare handlers; the ledger goes on", async () => {
  const bus = new EventBus().start();
  const recorder = new RecordingSubscriber(["a"]);
  let bare = 0;
  bus.registerSubscriber(recorder);
  bus.subscribe("a", () => bare++);
  bus.publish("a");
  assertEquals((await bus.stop()).delivered, 1);
  bus.start();
  bus.publish("a");
  bus.publish("a");
  assertEquals((await bus.stop()).delivered, 2);
  assertEquals([recorder.events.length, recorder.calls.shutdown, bare], [1, 1, 3]);
  assertEquals(bus.stats().delivered, 3);
});

Deno.test("from the call of stop every publish is rejected, also from handlers", async () => {
  const { bus } = quietBus();
  bus.start();
  const results: boolean[] = [];
  bus.subscribe("a", () => results.push(bus.publish("b")));
  bus.publish("a");
  const stopping = bus.stop();
  results.push(bus.publish("b"));
  await stopping;
  assertEquals(results, [false, false]);
  assertEquals(bus.stats().rejected.stopped, 2);
});

Deno.test("start during a stop takes effect when it is over", async () => {
  const { bus } = quietBus();
  bus.start();
  const stopping = bus.stop();
  bus.start();
  assertEquals(bus.publish("a"), false);
  await stopping;
  assertEquals(bus.publish("a"), true);
  await bus.stop();
});

Deno.test("flush covers async handlers and the subscribers' flush", async () => {
  await using bus = new EventBus().start();
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  let settled = 0;
  bus.subscribe("a", async () => {
    await nextTurn();
    settled++;
  });
  bus.publish("a");
  bus.publish("a");
  assertEquals(await bus.flush(), true);
  assertEquals([settled, recorder.calls.flush], [2, 1]);
});

Deno.test("a flush that runs out of time says false; a stop counts what is left", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.subscribe("hang", () => new Promise(() => {}));
  bus.publish("hang");
  assertEquals(await bus.flush({ timeoutMs: 5 }), false);
  const report = await bus.stop({ timeoutMs: 5 });
  assertEquals(report.timedOut, true);
  assertEquals(report.delivered, 1);
});

Deno.test("a call that hangs is named by the flush, and by the stop, that did not wait for it", async () => {
  const { bus, lines } = quietBus();
  bus.start();
  bus.subscribe("a", function flushed() {
    return new Promise(() => {});
  });
  bus.publish("a");
  assertEquals(await bus.flush({ timeoutMs: 0 }), false);
  bus.subscribe("b", function stopped() {
    return new Promise(() => {});
  });
  bus.publish("b");
  await bus.stop({ timeoutMs: 0 });
  const said = lines.filter((line) => line.includes("hangs"));
  assertEquals(said.map((line) => line.replace(/^busbar: /, "")), [
    "flushed failed in flush: a call hangs",
    "stopped failed in stop: a call hangs",
  ]);
});

Deno.test("what a timed-out stop leaves is dropped as shutdown", async () => {
  const { bus } = quietBus({ drainBudgetMs: 1 });
  bus.start();
  bus.subscribe("a", () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
  });
  for (let i = 0; i < 200; i++) bus.publish("a");
  const report = await bus.stop({ timeoutMs: 10 });
  const { delivered, dropped, pending, accepted } = bus.stats();
  assertEquals(report.timedOut, true);
  assert(report.leftOver > 0);
  assertEquals(report.leftOver, dropped.shutdown);
  assertEquals([accepted, pending], [delivered + dropped.shutdown, 0]);
});

Deno.test("flush and stop called in a handler do not wait for that handler", async () => {
  const bus = new EventBus().start();
  const results: unknown[] = [];
  bus.subscribe("a", async () => {
    results.push(await bus.flush());
  });
  bus.subscribe("b", async () => {
    results.push((await bus.stop()).timedOut);
  });
  bus.publish("a");
  await deadline(bus.flush(), 2_000);
  bus.publish("b");
  await nextTurn();
  await deadline(bus.stop(), 2_000);
  await nextTurn();
  assertEquals(results, [true, false]);
});

Deno.test("a subscriber whose flush hangs is named and does not hold up the stop", async () => {
  class Hanging extends EventSubscriber {
    getSubscriptions(): Subscriptions {
      return {};
    }
    override flush(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const { bus } = quietBus();
  bus.start();
  bus.registerSubscriber(new Hanging());
  assertEquals((await bus.stop({ timeoutMs: 5 })).timedOut, true);
  assertEquals(bus.subscriberExceptionCounts()["Hanging"], 1);
});

Deno.test("a bad deadline is refused at once", () => {
  const bus = new EventBus();
  for (const timeoutMs of [-1, NaN]) {
    assertThrows(
      () => bus.flush({ timeoutMs }),
      RangeError,
      `Cannot flush EventBus: timeoutMs must be a number of at least 0, received ${timeoutMs}`,
    );
    assertThrows(
      () => bus.stop({ timeoutMs }),
      RangeError,
      `Cannot stop EventBus: timeoutMs must be a number of at least 0, received ${timeoutMs}`,
    );
  }
  // The refused stop has not begun.
  assertEquals(bus.publish("a"), true);
});

Deno.test("bad options are refused by name, rule and value", () => {
  for (const maxQueueSize of [0, -1, 1.5, NaN, Infinity, 2 ** 24 + 1]) {
    assertThrows(
      () => new EventBus({ maxQueueSize }),
      RangeError,
      `maxQueueSize must be an integer from 1 to 16777216, received ${maxQueueSize}`,
    );
  }
  assertThrows(() => new EventBus({ drainBudgetMs: 0 }), RangeError, "drainBudgetMs");
  assertThrows(() => new EventBus({ maxInFlight: 0 }), RangeError, "maxInFlight");
  assertThrows(() => new EventBus({ overflow: "x" as "inline" }), TypeError, "overflow");
  assertThrows(() => new EventBus({ clock: 1 as unknown as () => number }), TypeError, "clock");
});

Deno.test("an option that does not exist is refused with the list of those that do", () => {
  assertThrows(
    () => new EventBus({ maxQueSize: 5 } as object),
    TypeError,
    'Cannot create EventBus: there is no option "maxQueSize"; there are enabled, maxQueueSize, ' +
      "overflow, drainBudgetMs, maxInFlight, clock, context, logger",
  );
});

Deno.test("undefined means absent", async () => {
  await using bus = new EventBus({
    enabled: undefined,
    maxQueueSize: undefined,
    clock: undefined,
    logger: undefined,
    ...{ maxQueSize: undefined },
  });
  assertEquals([bus.enabled, bus.maxQueueSize], [true, 10_000]);
});

Deno.test("a stop during a stop takes back the start between them", async () => {
  const { bus } = quietBus();
  bus.start();
  const stopping = bus.stop();
  bus.start();
  await Promise.all([stopping, bus.stop()]);
  assertEquals(bus.publish("a"), false);
});

Deno.test("the end of an await using block stops the bus", async () => {
  const recorder = new RecordingSubscriber();
  {
    await using bus = new EventBus().start();
    bus.registerSubscriber(recorder);
    bus.publish("a");
  }
  assertEquals([recorder.types, recorder.calls.shutdown], [["a"], 1]);
});

Deno.test("the ledger counts the event in dispatch as pending until its last handler is done", async () => {
  const { bus } = quietBus();
  const seen: number[][] = [];
  const look = () => {
    const { delivered, pending } = bus.stats();
    seen.push([delivered, pending]);
  };
  bus.subscribe("a", look);
  bus.subscribe("a", look);
  bus.publish("a");
  bus.publish("a");
  look();
  bus.start();
  await bus.flush();
  look();
  assertEquals(seen, [[0, 2], [0, 2], [0, 2], [1, 1], [1, 1], [2, 0]]);
  await bus.stop();
});

Deno.test("what ends nothing can be disposed of, and what has ended can be again", async () => {
  const disabled = new EventBus({ enabled: false });
  const { bus } = quietBus();
  const recorder = new RecordingSubscriber();
  const signal = AbortSignal.abort();
  const nothing = [
    disabled.subscribe("a", () => {}),
    disabled.registerSubscriber(recorder),
    bus.subscribe("a", () => {}, { signal }),
    bus.subscribeAll(() => {}, { signal }),
    bus.registerSubscriber(recorder, { signal }),
  ];
  for (const one of nothing) one[Symbol.dispose]();
  const registration = bus.registerSubscriber(recorder);
  registration[Symbol.dispose]();
  registration[Symbol.dispose]();
  assertEquals(bus.hasSubscribers("a"), false);
  await bus.stop();
});

Deno.test("a signal that outlives a subscription holds nothing of it", () => {
  const { bus } = quietBus();
  const { signal, listeners } = spiedSignal();
  const ends = [
    bus.subscribe("a", () => {}, { signal }),
    bus.subscribeAll(() => {}, { signal }),
    bus.registerSubscriber(new RecordingSubscriber(), { signal }),
  ];
  assertEquals(listeners(), 3);
  for (const end of ends) end[Symbol.dispose]();
  assertEquals(listeners(), 0);
});

Deno.test("the bounds of options themselves are allowed", () => {
  const bus = new EventBus({ enabled: true, maxQueueSize: 2 ** 24, maxInFlight: 2 ** 24 });
  assertEquals([bus.enabled, bus.maxQueueSize], [true, 2 ** 24]);
  assertEquals(new EventBus({ maxQueueSize: 1, maxInFlight: 1 }).maxQueueSize, 1);
});

Deno.test("a flush or a stop with what is no signal is refused, and the bus goes on", async () => {
  const { bus } = quietBus();
  bus.start();
  const seen = collect<number>(bus, (event) => event.metadata);
  bus.publish("a", 1);
  const signal = new AbortController() as unknown as AbortSignal;
  assertThrows(() => bus.flush({ signal }), TypeError);
  assertThrows(() => bus.stop({ signal }), TypeError);
  assertEquals(bus.publish("a", 2), true);
  assertEquals(await bus.flush(), true);
  assertEquals(seen, [1, 2]);
  assertEquals((await bus.stop()).timedOut, false);
});
