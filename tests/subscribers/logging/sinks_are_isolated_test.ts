import { assertEquals, assertStringIncludes } from "@std/assert";
import type { LogRecord } from "@busbar/busbar/subscribers";
import { loggingBus } from "../../support/logging_bus.ts";
import { nextTurn } from "../../support/quiet_bus.ts";

Deno.test("a sink that throws or rejects keeps no record from the others", async () => {
  const good: LogRecord[] = [];
  const { bus, subscriber, lines } = loggingBus({
    sink: [
      function throwing() {
        throw new Error("disk full");
      },
      async function rejecting() {
        await null;
        throw new Error("no route");
      },
      function keeping(record) {
        good.push(record);
      },
    ],
  });
  for (let i = 0; i < 3; i++) bus.publish("a");
  const report = await bus.stop();
  assertEquals([good.length, report.failures], [3, 3]);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LoggingSubscriber: 3 });
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[0] ?? "", "the sink throwing failed: disk full");
  assertStringIncludes(lines[0] ?? "", "the sink rejecting failed: no route");
  assertEquals(
    lines[1],
    "busbar: LoggingSubscriber: not all log records were written: " +
      "3 failed in the sink throwing, 3 failed in the sink rejecting",
  );
  assertEquals(subscriber.stats().sinks, [
    { name: "throwing", accepted: 0, failed: 3, dropped: 0 },
    { name: "rejecting", accepted: 0, failed: 3, dropped: 0 },
    { name: "keeping", accepted: 3, failed: 0, dropped: 0 },
  ]);
});

Deno.test("flush waits for an async sink, also for what it receives at the end", async () => {
  const written: string[] = [];
  const { bus } = loggingBus({
    maxPerSecond: 1,
    sink: async ({ body }) => {
      for (let i = 0; i < 10; i++) await null;
      written.push(body);
    },
  });
  for (let i = 0; i < 2; i++) bus.publish("a", {}, { timestamp: 0 });
  assertEquals(await bus.flush(), true);
  assertEquals(written, ["a", "1 record of a was suppressed"]);
  await bus.stop();
});

Deno.test("what a sink that hangs gets past maxPending is dropped, counted, and holds up nobody", async () => {
  const good: LogRecord[] = [];
  const allTaken = Promise.withResolvers<void>();
  const { bus, subscriber, lines } = loggingBus({
    maxPerSecond: Infinity,
    maxPending: 2,
    sink: [
      function hanging() {
        return new Promise(() => {});
      },
      function keeping(record) {
        if (good.push(record) === 5) allTaken.resolve();
      },
    ],
  });
  for (let i = 0; i < 5; i++) bus.publish("a");
  await allTaken.promise;
  assertEquals(await bus.flush({ timeoutMs: 0 }), false);
  assertEquals(subscriber.stats().sinks[0], {
    name: "hanging",
    accepted: 0,
    failed: 0,
    dropped: 3,
  });
  assertEquals(lines.filter((line) => line.includes("the sink hanging has 2 records")).length, 1);
  await bus.stop({ timeoutMs: 0 });
  assertEquals(
    lines.at(-1),
    "busbar: LoggingSubscriber: not all log records were written: " +
      "3 were too many for the sink hanging, 2 wait in the sink hanging",
  );
});

Deno.test("each type has its own maxPending", async () => {
  const written = Promise.withResolvers<void>();
  const { bus, subscriber } = loggingBus({
    logs: { a: { level: "info" }, b: { level: "info" } },
    maxPending: 2,
    sink: () => written.promise,
  });
  for (const type of ["a", "a", "a", "b", "b"]) bus.publish(type);
  bus.flushSync();
  assertEquals(subscriber.stats().sinks[0]?.dropped, 1);
  written.resolve();
  await bus.stop();
  assertEquals(subscriber.stats().sinks[0]?.accepted, 4);
});

Deno.test("what a sink has settled leaves its place, and no more", async () => {
  const settle: (() => void)[] = [];
  const { bus, subscriber } = loggingBus({
    maxPending: 2,
    sink: () => new Promise<void>((resolve) => settle.push(resolve)),
  });
  const publish = (count: number) => {
    for (let i = 0; i < count; i++) bus.publish("a");
    bus.flushSync();
    return subscriber.stats().sinks[0]?.dropped;
  };
  assertEquals(publish(3), 1);
  settle.shift()?.();
  await nextTurn();
  assertEquals(publish(2), 2);
  for (const end of settle) end();
  await bus.stop();
  assertEquals(subscriber.stats().sinks[0], { name: "sink", accepted: 3, failed: 0, dropped: 2 });
});

Deno.test("a sink that fails on what is reported beside the events is counted by the bus", async () => {
  const { bus } = loggingBus({
    maxPerSecond: 1,
    sink: ({ level }) => {
      if (level === "warn") throw new Error("no");
    },
  });
  for (let i = 0; i < 2; i++) bus.publish("a", {}, { timestamp: 0 });
  await bus.flush();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LoggingSubscriber: 1 });
  await bus.stop();
});

Deno.test("so is one that fails later on", async () => {
  const { bus } = loggingBus({
    maxPerSecond: 1,
    sink: async ({ level }) => {
      await null;
      if (level === "warn") throw new Error("no");
    },
  });
  for (let i = 0; i < 2; i++) bus.publish("a", {}, { timestamp: 0 });
  await bus.flush();
  assertEquals((await bus.stop()).failures, 1);
});

Deno.test("the end says how many the rate limit has suppressed, of all types", async () => {
  const { bus, lines } = loggingBus({
    logs: { a: { level: "info" }, b: { level: "info" } },
    maxPerSecond: 1,
  });
  for (const type of ["a", "a", "a", "b", "b"]) bus.publish(type, {}, { timestamp: 0 });
  await bus.stop();
  assertEquals(
    lines.at(-1),
    "busbar: LoggingSubscriber: not all log records were written: 3 were beyond the rate limit",
  );
});

Deno.test("what a sink gives back and is no promise is nothing to wait for", async () => {
  for (const result of [{}, { then: 1 }, null, "text", () => {}]) {
    const { bus, subscriber } = loggingBus({ sink: () => result as unknown as undefined });
    bus.publish("a");
    bus.flushSync();
    assertEquals(subscriber.stats().sinks[0]?.accepted, 1);
    await bus.stop();
  }
});
