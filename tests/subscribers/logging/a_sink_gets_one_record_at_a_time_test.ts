import { assertEquals } from "@std/assert";
import type { LogRecord, LogSink } from "@busbar/busbar/subscribers";
import { loggingBus } from "../../support/logging_bus.ts";
import { nextTurn } from "../../support/quiet_bus.ts";
import { holdTimers } from "../../support/watched_timers.ts";

/** A sink whose calls the test settles one by one. */
function gate() {
  const calls: { record: LogRecord; settle: () => void; fail: (error: Error) => void }[] = [];
  const sink: LogSink = (record) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    calls.push({ record, settle: resolve, fail: reject });
    return promise;
  };
  return { calls, sink };
}

const numbers = (records: readonly LogRecord[]) => records.map(({ attributes }) => attributes["i"]);

Deno.test("an async sink gets a record when it has settled the one before, also one that failed", async () => {
  const { calls, sink } = gate();
  const { bus, subscriber } = loggingBus({ sink });
  for (let i = 0; i < 4; i++) bus.publish("a", { i });
  const stopped = bus.stop();
  for (let i = 0; i < 4; i++) {
    for (let turns = 0; turns < 3; turns++) await nextTurn();
    assertEquals(calls.length, i + 1);
    if (i === 1) calls[i]?.fail(new Error("no"));
    else calls[i]?.settle();
  }
  assertEquals((await stopped).failures, 1);
  assertEquals(numbers(calls.map(({ record }) => record)), [0, 1, 2, 3]);
  assertEquals(subscriber.stats().sinks[0], { name: "sink", accepted: 3, failed: 1, dropped: 0 });
});

Deno.test("a sink that is async now and then keeps the order, whatever it does", async () => {
  const written: unknown[] = [];
  let underWay = 0;
  let most = 0;
  const { bus } = loggingBus({
    maxPerSecond: Infinity,
    sink: ({ attributes: { i } }) => {
      most = Math.max(most, ++underWay);
      const end = () => {
        underWay--;
        written.push(i);
        if (i as number % 7 === 0) throw new Error("no");
      };
      if (i as number % 3 !== 0) return end();
      return nextTurn().then(end);
    },
  });
  for (let i = 0; i < 100; i++) bus.publish("a", { i });
  await bus.stop();
  assertEquals(most, 1);
  assertEquals(written, Array.from({ length: 100 }, (_, i) => i));
});

Deno.test("a sink that has the bus drain while it is called gets the next record afterwards", async () => {
  const written: unknown[] = [];
  let depth = 0;
  const { bus } = loggingBus({
    maxPerSecond: Infinity,
    sink: ({ attributes }) => {
      assertEquals(++depth, 1);
      if (attributes["i"] === 0) bus.flushSync();
      written.push(attributes["i"]);
      depth--;
    },
  });
  for (let i = 0; i < 400; i++) bus.publish("a", { i });
  const { failures } = await bus.stop();
  assertEquals([failures, written.length], [0, 400]);
  assertEquals(written, Array.from({ length: 400 }, (_, i) => i));
});

Deno.test("warn and above have a waiting room of their own", async () => {
  const { calls, sink } = gate();
  const { bus, subscriber } = loggingBus({
    logs: { a: { level: ({ metadata }) => metadata.level } },
    maxPerSecond: Infinity,
    maxPending: 3,
    sink,
  });
  for (let i = 0; i < 10; i++) bus.publish("a", { level: "info", i });
  for (let i = 10; i < 13; i++) bus.publish("a", { level: "error", i });
  const stopped = bus.stop();
  for (let i = 0; i < 6; i++) {
    while (calls[i] === undefined) await nextTurn();
    calls[i]?.settle();
  }
  await stopped;
  assertEquals(numbers(calls.map(({ record }) => record)), [0, 1, 2, 10, 11, 12]);
  assertEquals(subscriber.stats().sinks[0]?.dropped, 7);
});

Deno.test("a flush has the sink pass on what it holds, after the records before it", async () => {
  const did: string[] = [];
  const sink: LogSink = Object.assign(async ({ body }: LogRecord) => {
    await nextTurn();
    did.push(body);
  }, {
    flush: async () => {
      await nextTurn();
      did.push("flushed");
    },
    flushSync: () => void did.push("flushed synchronously"),
  });
  const { bus } = loggingBus({ sink, logs: { a: { level: "info", body: (e) => e.metadata } } });
  bus.publish("a", "first");
  bus.publish("a", "second");
  assertEquals(await bus.flush(), true);
  assertEquals(did, ["first", "second", "flushed"]);
  bus.flushSync();
  assertEquals(did.at(-1), "flushed synchronously");
  await bus.stop();
});

Deno.test("at the end of a process an async sink is called, and not awaited", async () => {
  const { calls, sink } = gate();
  const { bus, lines } = loggingBus({ sink });
  for (let i = 0; i < 3; i++) bus.publish("a", { i });
  bus.flushSync();
  assertEquals(numbers(calls.map(({ record }) => record)), [0, 1, 2]);
  assertEquals(lines, [
    "busbar: LoggingSubscriber: not all log records were written: 3 wait in the sink sink",
  ]);
  for (const { settle } of calls) settle();
  await bus.stop();
  assertEquals(lines.length, 1);
});

Deno.test("a sink that fails to pass on what it holds is counted, by a flush and at the end", async () => {
  const fail = () => {
    throw new Error("disk full");
  };
  const sink = Object.assign(() => {}, { flush: fail, flushSync: fail, pending: 7 });
  const { bus, lines } = loggingBus({ sink });
  bus.publish("a");
  await bus.flush();
  bus.flushSync();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LoggingSubscriber: 2 });
  bus.flushSync();
  assertEquals(lines.filter((line) => line.includes("7 wait")).length, 1);
  assertEquals(
    lines.at(-1),
    "busbar: LoggingSubscriber: not all log records were written: 7 wait in the sink (anonymous)",
  );
  await bus.stop();
});

Deno.test("a flush of a sink that hangs costs no memory, however often it is asked for", async () => {
  const { calls, sink } = gate();
  let flushes = 0;
  const { bus, subscriber } = loggingBus({
    sink: Object.assign(sink, { flush: () => void flushes++ }),
  });
  bus.publish("a");
  bus.flushSync();
  const flushing = Array.from({ length: 100 }, () => subscriber.flush());
  calls[0]?.settle();
  await Promise.all(flushing);
  assertEquals(flushes, 1);
  await bus.stop();
});

Deno.test("what a shutdown waits for is told after a second: who called it may not wait", async () => {
  using timers = holdTimers();
  const { calls, sink } = gate();
  const { bus, subscriber, lines } = loggingBus({ sink });
  bus.publish("a");
  while (calls.length === 0) await nextTurn();
  const ended = subscriber.shutdown();
  assertEquals(lines, []);
  timers.waiting.find(({ delayMs }) => delayMs === 1_000)?.fire();
  assertEquals(lines, [
    "busbar: LoggingSubscriber: not all log records were written: 1 wait in the sink sink",
  ]);
  calls[0]?.settle();
  await ended;
  await bus.stop();
  assertEquals(lines.length, 1);
});
