import { assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { LEFT_OUT_EVENT_TYPE, type LogRecord } from "@busbar/busbar/subscribers";
import { ManualClock } from "@busbar/busbar/testing";
import { loggingBus } from "./helpers.ts";

const told = (records: LogRecord[]) =>
  records.filter(({ eventType }) => eventType === LEFT_OUT_EVENT_TYPE);
const passed = (records: LogRecord[]) => records.length - told(records).length;

Deno.test("a burst passes up to the rate; the rest is counted and told in one record", async () => {
  let built = 0;
  const { bus, subscriber, records } = loggingBus({
    logs: {
      "cache.read": { level: "info", body: () => String(built++) },
      other: { level: "info" },
    },
  });
  for (let i = 0; i < 1_334; i++) bus.publish("cache.read", {}, { timestamp: 5_000 });
  bus.publish("other", {}, { timestamp: 5_000 });
  await bus.flush();
  assertEquals([built, passed(records), { ...subscriber.leftOutByType() }], [100, 101, {
    "cache.read": 1_234,
  }]);
  assertEquals(told(records), [{
    timestampMs: 5_000,
    level: "warn",
    severityNumber: 13,
    body: "1,234 records of cache.read were left out",
    attributes: { eventType: "cache.read", leftOut: 1_234, sinceMs: 5_000 },
    eventType: LEFT_OUT_EVENT_TYPE,
    sessionId: "",
  }]);
  bus.publish("cache.read", {}, { timestamp: 5_000 });
  await bus.stop();
  assertEquals(told(records)[1]?.body, "1 record of cache.read was left out");
  assertEquals({ ...subscriber.leftOutByType() }, { "cache.read": 1_235 });
});

Deno.test("the rate fills up with the events' time, and each type has its own", async () => {
  const { bus, records } = loggingBus({
    logs: { a: { level: "info", maxPerSecond: 10 }, b: { level: "info", maxPerSecond: 0.5 } },
  });
  const burst = (type: string, timestamp: number, count: number) => {
    for (let i = 0; i < count; i++) bus.publish(type, {}, { timestamp });
  };
  burst("a", 1_000, 50); // 10 pass
  burst("a", 1_500, 50); // 5
  burst("a", 1_400, 50); // disorder gains nothing
  burst("a", 60_000, 50); // 10
  burst("b", 1_000, 3); // 1
  burst("b", 2_000, 3); // half a record
  burst("b", 3_000, 3); // 1
  await bus.stop();
  const count = (type: string) => records.filter(({ eventType }) => eventType === type).length;
  assertEquals([count("a"), count("b")], [25, 2]);
});

Deno.test("a time that was set back does not stop a type for good", async () => {
  const { bus, records } = loggingBus({ maxPerSecond: 1 });
  for (const timestamp of [1e12, 1e6, 1e6 + 1_000, 1e6 + 2_000]) {
    bus.publish("a", {}, { timestamp });
  }
  await bus.flush();
  assertEquals(passed(records), 3);
  await bus.stop();
});

Deno.test("a clock drives the rate where one is given", async () => {
  const clock = new ManualClock();
  const { bus, records } = loggingBus({ clock: clock.now, maxPerSecond: 1 });
  const publish = async (timestamp: number) => {
    bus.publish("a", {}, { timestamp });
    bus.publish("a", {}, { timestamp });
    await bus.flush();
  };
  await publish(0);
  await publish(100_000);
  assertEquals(passed(records), 1);
  clock.advance(1_000);
  await publish(0);
  assertEquals(passed(records), 2);
  await bus.stop();
});

Deno.test("a flood that goes on is told after 1 s, 2 s, 4 s … 60 s, with exact sums", async () => {
  const { bus, subscriber, records } = loggingBus({ maxPerSecond: 1 });
  const drained = Promise.withResolvers<void>();
  let timestamp = 0;
  const PUBLISHED = 600_000;
  // Ten events a second's hundredth, for ten minutes of the events' time, a slice a second.
  bus.subscribe("next", () => {
    for (let i = 0; i < 1_000; i++) bus.publish("a", {}, { timestamp: timestamp + i });
    timestamp += 1_000;
    if (timestamp < PUBLISHED) setTimeout(() => bus.publish("next"), 0);
    else drained.resolve();
  });
  bus.publish("next");
  await drained.promise;
  await bus.stop();
  const counts = told(records).map(({ attributes }) => attributes.leftOut as number);
  const sum = counts.reduce((a, b) => a + b);
  assertEquals(sum, subscriber.leftOutByType()["a"]);
  assertEquals(sum + passed(records), PUBLISHED);
  assertEquals(counts.length <= 6 + 10, true, `told ${counts.length} times`);
  assertEquals(passed(records), 600);
});

Deno.test("when a flood ends and nothing follows, time alone has it told", async () => {
  const heard = Promise.withResolvers<LogRecord>();
  const { bus } = loggingBus({
    maxPerSecond: 1,
    leftOutIntervalMs: 5,
    sink: (record) => record.eventType === LEFT_OUT_EVENT_TYPE ? heard.resolve(record) : undefined,
  });
  for (let i = 0; i < 3; i++) bus.publish("a", {}, { timestamp: 1 });
  assertEquals((await deadline(heard.promise, 5_000)).body, "2 records of a were left out");
  await bus.stop();
});

Deno.test("a flood is told before the process ends", async () => {
  const { bus, records } = loggingBus({ maxPerSecond: 1 });
  for (let i = 0; i < 3; i++) bus.publish("a", {}, { timestamp: 1 });
  bus.flushSync();
  assertEquals(told(records).map(({ body }) => body), ["2 records of a were left out"]);
  await bus.stop();
  assertEquals(told(records).length, 1);
});
