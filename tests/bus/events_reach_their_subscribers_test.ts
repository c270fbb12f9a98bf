import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { ManualClock, RecordingSubscriber } from "@busbar/busbar/testing";

Deno.test("an event reaches its subscriber, with metadata, session and traceparent unchanged", async () => {
  await using bus = new EventBus().start();
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  const metadata = { keys: ["k"] };
  assert(bus.publish("a", metadata, { sessionId: "s1", traceparent: "00-x" }));
  assert(bus.publish("a"));
  await bus.flush();
  const [first, second] = recorder.events;
  assertStrictEquals(first?.metadata, metadata);
  assertEquals(first?.sessionId, "s1");
  assertEquals(first?.traceparent, "00-x");
  assertEquals(Object.keys(second ?? {}), [
    "type",
    "timestamp",
    "metadata",
    "sessionId",
    "operationId",
    "traceparent",
    "tracestate",
  ]);
  assertEquals(second?.metadata, undefined);
  assertEquals(second?.sessionId, "");
  assertEquals(second?.traceparent, undefined);
});

Deno.test("nothing runs on the publisher's stack", async () => {
  await using bus = new EventBus().start();
  let called = 0;
  bus.subscribe("a", () => called++);
  bus.addEventListener("a", () => called++);
  bus.publish("a");
  assertEquals(called, 0);
  await bus.flush();
  assertEquals(called, 2);
});

Deno.test("the timestamp is the moment of publishing, unless one is given", async () => {
  const clock = new ManualClock(1_000);
  await using bus = new EventBus({ clock: clock.now }).start();
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  bus.publish("a");
  bus.publish("a", undefined, { timestamp: 5 });
  bus.publish("a", undefined, { timestamp: NaN });
  clock.advance(500);
  await bus.flush();
  assertEquals(recorder.events.map((event) => event.timestamp), [1_000, 5, 1_000]);
});

Deno.test("only matching types arrive, in the order of publishing", async () => {
  await using bus = new EventBus().start();
  const recorder = new RecordingSubscriber(["a", "c"]);
  bus.registerSubscriber(recorder);
  for (const type of ["c", "b", "a", "c", "b", "a"]) bus.publish(type);
  await bus.flush();
  assertEquals(recorder.types, ["c", "a", "c", "a"]);
});

Deno.test("order: subscribers of the type, subscribers of all, listeners", async () => {
  await using bus = new EventBus().start();
  const order: string[] = [];
  bus.addEventListener("a", () => order.push("listener"));
  bus.subscribeAll(() => order.push("all"));
  bus.subscribe("a", () => order.push("first"));
  bus.subscribe("a", () => order.push("second"));
  bus.publish("a");
  await bus.flush();
  assertEquals(order, ["first", "second", "all", "listener"]);
});

Deno.test("several subscribers get the same record", async () => {
  await using bus = new EventBus().start();
  const [one, two] = [new RecordingSubscriber(["a"]), new RecordingSubscriber(["a"])];
  bus.registerSubscriber(one);
  bus.registerSubscriber(two);
  bus.publish("a", 1);
  await bus.flush();
  assertEquals(one.events.length, 1);
  assertStrictEquals(one.events[0], two.events[0]);
});

Deno.test("a late subscriber gets what is dispatched after it subscribed", async () => {
  await using bus = new EventBus().start();
  bus.publish("a", 1);
  await bus.flush();
  const late: unknown[] = [];
  bus.subscribe("a", (event) => late.push(event.metadata));
  bus.publish("a", 2);
  await bus.flush();
  assertEquals(late, [2]);
});

Deno.test("the same handler twice is two subscriptions; disposing one leaves the other", async () => {
  await using bus = new EventBus().start();
  let calls = 0;
  const handler = () => calls++;
  const first = bus.subscribe("a", handler);
  bus.subscribe("a", handler);
  bus.publish("a");
  await bus.flush();
  assertEquals(calls, 2);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  bus.publish("a");
  await bus.flush();
  assertEquals(calls, 3);
});

Deno.test("a subscriber registered twice is registered once, and can be unregistered", async () => {
  await using bus = new EventBus().start();
  const recorder = new RecordingSubscriber(["a"]);
  const registration = bus.registerSubscriber(recorder);
  bus.registerSubscriber(recorder);
  bus.publish("a");
  await bus.flush();
  assertEquals(recorder.events.length, 1);
  registration[Symbol.dispose]();
  bus.publish("a");
  await bus.flush();
  assertEquals(recorder.events.length, 1);
  assertEquals(recorder.calls, { onDrain: 1, flush: 1, shutdown: 0 });
});

Deno.test("an abort signal ends a subscription", async () => {
  await using bus = new EventBus().start();
  const controller = new AbortController();
  let calls = 0;
  bus.subscribe("a", () => calls++, { signal: controller.signal });
  bus.subscribe("a", () => calls++, { signal: AbortSignal.abort() });
  bus.publish("a");
  await bus.flush();
  controller.abort();
  bus.publish("a");
  await bus.flush();
  assertEquals(calls, 1);
  assertEquals(bus.hasSubscribers("a"), false);
});

Deno.test("handlers run with the subscriber as this, and the subscription map is asked once", async () => {
  let asked = 0;
  class Counter extends EventSubscriber {
    count = 0;
    getSubscriptions(): Subscriptions {
      asked++;
      return { a: this.onA };
    }
    onA() {
      this.count++;
    }
  }
  await using bus = new EventBus().start();
  const counter = new Counter();
  bus.registerSubscriber(counter);
  bus.publish("a");
  bus.publish("a");
  await bus.flush();
  assertEquals([counter.count, asked], [2, 1]);
});

Deno.test("who is subscribed when an event's dispatch begins gets it", async () => {
  await using bus = new EventBus().start();
  const heard: string[] = [];
  const second = () => heard.push("second");
  const subscriptions: Disposable[] = [];
  bus.subscribe("a", () => {
    heard.push("first");
    subscriptions[0]?.[Symbol.dispose]();
    bus.subscribe("a", () => heard.push("added"));
  });
  subscriptions.push(bus.subscribe("a", second));
  bus.publish("a");
  bus.publish("a");
  await bus.flush();
  assertEquals(heard, ["first", "second", "first", "added"]);
});

Deno.test("hasSubscribers counts subscribers, subscribers of all and listeners", () => {
  const bus = new EventBus();
  assertEquals(bus.hasSubscribers("a"), false);
  const one = bus.subscribe("a", () => {});
  assertEquals(bus.hasSubscribers("a"), true);
  one[Symbol.dispose]();
  assertEquals(bus.hasSubscribers("a"), false);
  const all = bus.subscribeAll(() => {});
  assertEquals(bus.hasSubscribers("a"), true);
  all[Symbol.dispose]();
  const listener = () => {};
  bus.addEventListener("a", listener);
  assertEquals(bus.hasSubscribers("a"), true);
  bus.removeEventListener("a", listener);
  assertEquals(bus.hasSubscribers("a"), false);
});
