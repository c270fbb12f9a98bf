import { assert, assertEquals, assertThrows } from "@std/assert";
import { LoggingSubscriber } from "@busbar/busbar/subscribers";
import { loggingBus } from "../../support/logging_bus.ts";

/** The sessions of which something is logged, and how much of each. */
async function logged(sessionSampleRatio: number, sessions: readonly string[]) {
  const { bus, subscriber, records } = loggingBus({
    logs: { a: { level: ({ metadata }) => metadata.level } },
    maxPerSecond: Infinity,
    sessionSampleRatio,
  });
  for (const _ of [1, 2]) {
    for (const sessionId of sessions) bus.publish("a", { level: "info" }, { sessionId });
  }
  await bus.stop();
  const counts = new Map<string, number>();
  for (const { sessionId } of records) counts.set(sessionId, (counts.get(sessionId) ?? 0) + 1);
  const { unsampledRecords } = subscriber.stats();
  assertEquals(records.length + unsampledRecords, 2 * sessions.length);
  return counts;
}

const SESSIONS = Array.from({ length: 2_000 }, (_, i) => `session-${i}`);

Deno.test("of a session all records are written or none, about as many sessions as asked", async () => {
  const tenth = await logged(0.1, SESSIONS);
  assertEquals([...new Set(tenth.values())], [2]);
  assert(tenth.size > 150 && tenth.size < 250, String(tenth.size));
  // The same ones again, and in a larger share too.
  assertEquals([...await logged(0.1, SESSIONS)], [...tenth]);
  const half = await logged(0.5, SESSIONS);
  assert(half.size > 900 && half.size < 1_100, String(half.size));
  assert([...tenth.keys()].every((session) => half.has(session)));
  // What other programs choose, too: the hash stays as it is.
  assertEquals([...tenth.keys()].slice(0, 3), ["session-0", "session-5", "session-11"]);
});

Deno.test("none and all are what they say", async () => {
  assertEquals((await logged(0, SESSIONS)).size, 0);
  assertEquals((await logged(1, SESSIONS)).size, SESSIONS.length);
});

Deno.test("warn and above, and records of no session, are always written", async () => {
  const { bus, subscriber, records } = loggingBus({
    logs: { a: { level: ({ metadata }) => metadata.level } },
    sessionSampleRatio: 0,
  });
  for (const level of ["info", "warn", "error", "fatal"]) {
    bus.publish("a", { level }, { sessionId: "s1" });
  }
  bus.publish("a", { level: "info" });
  await bus.stop();
  assertEquals(records.map(({ level }) => level), ["warn", "error", "fatal", "info"]);
  assertEquals(subscriber.stats().unsampledRecords, 1);
});

Deno.test("what is no ratio is refused", () => {
  const create = (sessionSampleRatio: unknown) => () =>
    new LoggingSubscriber({
      logs: {},
      sink: () => {},
      sessionSampleRatio: sessionSampleRatio as number,
    });
  for (const ratio of [-0.1, 1.1, NaN]) {
    assertThrows(create(ratio), RangeError, "sessionSampleRatio must be a number from 0 to 1");
  }
  assertThrows(create("0.1"), TypeError, "sessionSampleRatio must be a number from 0 to 1");
});
