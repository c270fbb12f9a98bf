import { assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { type LogRecord, SUPPRESSED_EVENT_TYPE } from "@busbar/busbar/subscribers";
import { ManualClock } from "@busbar/busbar/testing";
import { RateLimit } from "../../../src/subscribers/logging/rate_limit.ts";
import { loggingBus } from "../../support/logging_bus.ts";

const summaries = (records: LogRecord[]) =>
  records.filter(({ eventType }) => eventType === SUPPRESSED_EVENT_TYPE);
const passed = (records: LogRecord[]) => records.length - summaries(records).length;

Deno.test("a burst passes up to the rate; the rest is counted and reported in one record", async () => {
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
  assertEquals([built, passed(records), { ...subscriber.stats().suppressedByType }], [100, 101, {
    "cache.read": 1_234,
  }]);
  assertEquals(summaries(records), [{
    timestampMs: 5_000,
    level: "warn",
    severityNumber: 13,
    body: "1,234 records of cache.read were suppressed",
    attributes: { eventType: "cache.read", suppressed: 1_234, sinceMs: 5_000 },
    eventType: SUPPRESSED_EVENT_TYPE,
    sessionId: "",
    operationId: "",
  }]);
  bus.publish("cache.read", {}, { timestamp: 5_000 });
  await bus.stop();
  assertEquals(summaries(records)[1]?.body, "1 record of cache.read was suppressed");
  assertEquals({ ...subscriber.stats().suppressedByType }, { "cache.read": 1_235 });
  assertEquals(Object.getPrototypeOf(subscriber.stats().suppressedByType), null);
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

Deno.test("a flood that goes on is reported now and then, with exact sums", async () => {
  const { bus, subscriber, records } = loggingBus({ maxPerSecond: 1, suppressedIntervalMs: 1 });
  const done = Promise.withResolvers<void>();
  const TURNS = 300;
  let turns = 0;
  // A second of the events' time in each turn of the event loop, a thousand events in each.
  const turn = () => {
    for (let i = 0; i < 1_000; i++) bus.publish("a", {}, { timestamp: turns * 1_000 + i });
    if (++turns < TURNS) setTimeout(turn, 1);
    else done.resolve();
  };
  turn();
  await done.promise;
  await bus.stop();
  const counts = summaries(records).map(({ attributes }) => attributes.suppressed as number);
  const sum = counts.reduce((a, b) => a + b);
  assertEquals([sum, passed(records)], [TURNS * 999, TURNS]);
  assertEquals(sum, subscriber.stats().suppressedByType["a"]);
});

// The rate limit does not see the clock that its looks come by, so it is tested by its own interface.
Deno.test("a flood that goes on is reported at the polls 1, 2, 4 … 60, one that is over at once", () => {
  const limit = new RateLimit(1);
  const reported: number[] = [];
  let left = 0;
  for (let poll = 1; poll <= 300; poll++) {
    for (let i = 0; i < 10; i++) if (!limit.allow(0, poll)) left++;
    const suppressed = limit.poll();
    if (suppressed === undefined) continue;
    reported.push(poll);
    assertEquals([suppressed.count, suppressed.untilMs], [left, poll]);
    left = 0;
  }
  assertEquals(reported, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
  assertEquals(limit.poll()?.count, left);
  assertEquals([limit.poll(), limit.flooded], [undefined, false]);
  limit.allow(0, 1);
  assertEquals([limit.flooded, limit.poll()?.count], [true, 1]);
});

Deno.test("so is a thin one, of one record in each interval", () => {
  const limit = new RateLimit(1);
  limit.allow(0, 0);
  const reported: number[] = [];
  for (let poll = 1; poll <= 31; poll++) {
    limit.allow(0, poll);
    if (limit.poll() !== undefined) reported.push(poll);
  }
  // Of the first nobody can know whether it is over.
  assertEquals(reported, [1, 3, 7, 15, 31]);
});

Deno.test("at just the rate nothing is suppressed, in any fraction of a second", async () => {
  for (const maxPerSecond of [1, 3, 7, 10, 30, 1_000]) {
    const { bus, subscriber } = loggingBus({ maxPerSecond });
    for (let i = 0; i < 5_000; i++) {
      bus.publish("a", {}, { timestamp: 1.7e12 + i * 1_000 / maxPerSecond });
    }
    await bus.stop();
    assertEquals({ ...subscriber.stats().suppressedByType }, {});
  }
});

Deno.test("when a flood ends and nothing follows, time alone has it reported", async () => {
  const heard = Promise.withResolvers<LogRecord>();
  const { bus } = loggingBus({
    maxPerSecond: 1,
    suppressedIntervalMs: 5,
    sink: (record) =>
      record.eventType === SUPPRESSED_EVENT_TYPE ? heard.resolve(record) : undefined,
  });
  for (let i = 0; i < 3; i++) bus.publish("a", {}, { timestamp: 1 });
  assertEquals((await deadline(heard.promise, 5_000)).body, "2 records of a were suppressed");
  await bus.stop();
});

Deno.test("a flood is reported before the process ends", async () => {
  const { bus, records } = loggingBus({ maxPerSecond: 1 });
  for (let i = 0; i < 3; i++) bus.publish("a", {}, { timestamp: 1 });
  bus.flushSync();
  assertEquals(summaries(records).map(({ body }) => body), ["2 records of a were suppressed"]);
  await bus.stop();
  assertEquals(summaries(records).length, 1);
});

Deno.test("warn and above are never limited, nor do they use up what others may write", async () => {
  const { bus, subscriber, records } = loggingBus({
    logs: { a: { level: ({ metadata }) => metadata } },
    maxPerSecond: 2,
  });
  const publish = (level: string, count: number) => {
    for (let i = 0; i < count; i++) bus.publish("a", level, { timestamp: 0 });
  };
  publish("warn", 20);
  publish("info", 20);
  publish("error", 20);
  publish("fatal", 20);
  await bus.stop();
  const written = records.filter(({ eventType }) => eventType === "a");
  const count = (level: string) => written.filter((record) => record.level === level).length;
  assertEquals(["info", "warn", "error", "fatal"].map(count), [2, 20, 20, 20]);
  assertEquals({ ...subscriber.stats().suppressedByType }, { a: 18 });
});
