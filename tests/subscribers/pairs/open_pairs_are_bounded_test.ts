import { assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { DEFAULT_OPEN_PAIRS_LIMITS as DEFAULTS } from "../../../src/subscribers/pairs/limits.ts";
import { OpenPairs, operationIdOf } from "../../../src/subscribers/pairs/open_pairs.ts";
import { PairLane } from "../../../src/subscribers/pairs/pair_lane.ts";
import { PairsGroup } from "../../../src/subscribers/pairs/pairs_group.ts";

interface Start {
  readonly timestamp: number;
  readonly id: number;
}

Deno.test("Starts of one key are matched oldest first, and an end without a start is counted", () => {
  const pairs = new OpenPairs<Start>(DEFAULTS);
  pairs.open("a", "", { timestamp: 1, id: 1 });
  pairs.open("b", "", { timestamp: 2, id: 2 });
  pairs.open("a", "", { timestamp: 3, id: 3 });
  assertEquals(pairs.peek("a", "")?.id, 1);
  assertEquals([pairs.close("a", "")?.id, pairs.close("a", "")?.id, pairs.close("a", "")?.id], [
    1,
    3,
    undefined,
  ]);
  assertEquals(pairs.stats(), { open: 1, expired: 0, orphaned: 1 });
});

Deno.test("One start too many expires the oldest, and its late end is counted", () => {
  const given: number[] = [];
  const pairs = new OpenPairs<Start>({
    ...DEFAULTS,
    maxOpenPairs: 2,
    onExpire: ({ id }) => given.push(id),
  });
  for (const id of [1, 2, 3]) pairs.open(`key ${id}`, "", { timestamp: id, id });
  assertEquals(given, [1]);
  assertEquals(pairs.close("key 1", ""), undefined);
  assertEquals(pairs.stats(), { open: 2, expired: 1, orphaned: 1 });
});

Deno.test("Starts wait since the first reading after they were opened, whatever they say", () => {
  const group = new PairsGroup();
  const given: number[] = [];
  const pairs = new OpenPairs<Start>({
    ...DEFAULTS,
    maxPairAgeMs: 100,
    onExpire: ({ id }) => given.push(id),
  }, group);
  assertEquals([group.unstamped, pairs.oldestDueInMs], [0, Infinity]);
  pairs.open("a", "", { timestamp: 5_000_000, id: 1 });
  assertEquals([group.unstamped, pairs.oldestDueInMs], [1, 100]);
  pairs.expire(1_000);
  assertEquals([group.unstamped, pairs.oldestDueInMs], [0, 100]);
  pairs.expire(1_050);
  pairs.open("a", "", { timestamp: 0, id: 2 });
  assertEquals(pairs.oldestDueInMs, 50);
  pairs.expire(1_100);
  assertEquals(given, []);
  pairs.expire(1_100.5);
  assertEquals(given, [1]);
  assertEquals([pairs.oldestDueInMs, pairs.close("a", "")?.id], [99.5, 2]);
  pairs.open("b", "", { timestamp: 2_000, id: 3 });
  pairs.expireAll();
  assertEquals(given, [1, 3]);
  assertEquals([group.unstamped, pairs.expired], [0, 2]);
  assertEquals(pairs.stats(), { open: 0, expired: 2, orphaned: 0 });
});

Deno.test("Whoever opens is told whether another start of the key is open", () => {
  const pairs = new OpenPairs<number>({ ...DEFAULTS, maxOpenPairs: 2 });
  assertEquals([pairs.open("a", "", 1), pairs.open("a", "", 2)], [false, true]);
  // The oldest of two has to go first.
  assertEquals([pairs.open("b", "", 3), pairs.open("a", "", 4)], [false, false]);
  assertEquals([pairs.close("b", ""), pairs.close("a", ""), pairs.close("a", "")], [
    3,
    4,
    undefined,
  ]);
});

Deno.test("Lanes have keys of their own, within the same bounds", () => {
  const given: number[] = [];
  const pairs = new OpenPairs<Start>({
    ...DEFAULTS,
    maxOpenPairs: 2,
    onExpire: ({ id }) => given.push(id),
  });
  const [one, other] = [new PairLane<never>(), new PairLane<never>()];
  pairs.open("7", "", { timestamp: 1, id: 1 }, one);
  pairs.open("7", "", { timestamp: 2, id: 2 }, other);
  assertEquals(pairs.peek("7", ""), undefined);
  pairs.open("7", "", { timestamp: 3, id: 3 });
  assertEquals(given, [1]);
  assertEquals([
    pairs.close("7", "", one)?.id,
    pairs.close("7", "", other)?.id,
    pairs.close("7", "")?.id,
  ], [
    undefined,
    2,
    3,
  ]);
  assertEquals(pairs.stats(), { open: 0, expired: 1, orphaned: 1 });
});

/** A few keys and starts are looked through, many are in maps: keys that repeat, then many of them. */
const PROGRAMS = [
  { maxOpenPairs: 4, sessions: ["", "a", "b"], operations: 3, open: 2, maxLength: 200 },
  { maxOpenPairs: 40, sessions: ["a"], operations: 60, open: 5, maxLength: 400 },
  {
    maxOpenPairs: 60,
    sessions: [..."abcdefghijklmnopqrst"],
    operations: 3,
    open: 4,
    maxLength: 400,
  },
];

for (const { maxOpenPairs, sessions, operations, open, maxLength } of PROGRAMS) {
  Deno.test(`Any program of opens, closes and readings of a clock that jumps agrees with a list of ${maxOpenPairs}`, () => {
    const step = fc.record({
      what: fc.oneof(
        { weight: 10 * open, arbitrary: fc.constant("open") },
        { weight: 20, arbitrary: fc.constant("close") },
        { weight: 8, arbitrary: fc.constant("expire") },
        { weight: 1, arbitrary: fc.constant("expire all") },
      ),
      sessionId: fc.constantFrom(...sessions),
      operation: fc.nat(operations - 1),
      passed: fc.oneof(
        { weight: 9, arbitrary: fc.nat(20) },
        { weight: 1, arbitrary: fc.integer({ min: -1_000, max: 1_000 }) },
      ),
    });
    fc.assert(fc.property(fc.array(step, { maxLength, size: "max" }), (steps) => {
      const group = new PairsGroup();
      const given: number[] = [];
      const modelGiven: number[] = [];
      const pairs = new OpenPairs<Start>({
        maxOpenPairs,
        maxPairAgeMs: 30,
        onExpire: ({ id }) => given.push(id),
      }, group);
      /** How long each has waited, `undefined` before the first reading. */
      let model: { key: string; start: Start; waitedMs: number | undefined }[] = [];
      let [now, read] = [0, Infinity];
      steps.forEach(({ what, sessionId, operation, passed }, id) => {
        const operationId = operation === 0 ? "" : `${operation}`;
        const key = `${sessionId}/${operationId}`;
        now += passed;
        if (what === "open") {
          const start = { timestamp: now, id };
          if (model.length === maxOpenPairs) modelGiven.push(model.shift()?.start.id ?? -1);
          const overlaps = model.some((entry) => entry.key === key);
          assertEquals(pairs.open(sessionId, operationId, start), overlaps);
          model.push({ key, start, waitedMs: undefined });
        } else if (what === "close") {
          const found = model.find((entry) => entry.key === key);
          model = model.filter((entry) => entry !== found);
          assertEquals(pairs.peek(sessionId, operationId), found?.start);
          assertEquals(pairs.close(sessionId, operationId), found?.start);
        } else {
          if (what === "expire") pairs.expire(now);
          else pairs.expireAll();
          for (const entry of what === "expire" ? model : []) {
            entry.waitedMs = entry.waitedMs === undefined
              ? 0
              : entry.waitedMs + Math.max(0, now - read);
          }
          const stays = ({ waitedMs = 0 }) => what === "expire" && waitedMs <= 30;
          modelGiven.push(...model.filter((entry) => !stays(entry)).map(({ start }) => start.id));
          model = model.filter(stays);
          if (what === "expire") read = now;
        }
        assertEquals(pairs.stats().open, model.length);
        const unstamped = model.filter(({ waitedMs }) => waitedMs === undefined).length;
        assertEquals([group.unstamped, group.open], [unstamped, model.length]);
        const [oldest] = model;
        assertEquals(pairs.oldestDueInMs, oldest ? 30 - (oldest.waitedMs ?? 0) : Infinity);
        assertEquals(given, modelGiven);
      });
    }));
  });
}

Deno.test("Keys keep session and operation apart, however many a session has", () => {
  const pairs = new OpenPairs<number>(DEFAULTS);
  const keys = [["", ""], ["", "a"], ["a", ""], ["a", "a"], ["ab", "c"], ["a", "bc"], ["abc", ""]];
  const many = Array.from({ length: 1_000 }, (_, i) => ["many", `${i}`]);
  const all = [...keys, ...many] as [string, string][];
  all.forEach(([session, operation], i) => assertEquals(pairs.open(session, operation, i), false));
  all.forEach(([session, operation], i) => assertEquals(pairs.peek(session, operation), i));
  all.forEach(([session, operation], i) => assertEquals(pairs.close(session, operation), i));
  assertEquals(pairs.stats(), { open: 0, expired: 0, orphaned: 0 });
});

Deno.test("An operation id is a text, none is the empty one, and a number is its digits", () => {
  const event = {
    type: "x",
    timestamp: 0,
    metadata: undefined,
    sessionId: "",
    operationId: "",
    traceparent: undefined,
    tracestate: undefined,
  };
  const read = (id: unknown) => operationIdOf({ operationId: () => id as string }, event);
  assertEquals([undefined, null, "", "a", 7, 0].map(read), ["", "", "", "a", "7", "0"]);
  assertEquals(read("x".repeat(1_000)).length, 222);
});
