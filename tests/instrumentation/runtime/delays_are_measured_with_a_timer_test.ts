import { assert, assertEquals } from "@std/assert";
import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
import { collectingMeter } from "../../support/collecting_meter.ts";
import { pretendProcess } from "../../support/pretended_runtime.ts";
import fc from "../../support/properties.ts";
import { spiedSignal } from "../../support/spied_signal.ts";
import { steeredTime } from "../../support/steered_time.ts";
import { holdTimers } from "../../support/watched_timers.ts";

const RESOLUTION_MS = 100;
const MINUTE_MS = 60_000;
/** What a percentile may be too large by: the width of a bucket. */
const PRECISION = 2 ** (1 / 16);
/** What takes longer is not told apart: the longest is shown for it. */
const LONGEST_S = 20 * 60;

/** A runtime that measures nothing, whose clock and timers are the test's. */
async function startMeasuring() {
  const process = pretendProcess({ versions: { deno: "2.9.6", node: "24.0.0" } });
  const time = steeredTime();
  const timers = holdTimers(RESOLUTION_MS);
  const { meter, callbacks, collect } = collectingMeter();
  const observation = observeRuntime({ meter });
  // It begins in nobody's async context, which takes a microtask.
  await Promise.resolve();
  return {
    callbacks,
    collect,
    time,
    timers,
    observation,
    /** The loop is free again so late for the timer. */
    tick: (lateMs: number) => {
      time.pass(RESOLUTION_MS + lateMs);
      timers.waiting.find(({ delayMs }) => delayMs === RESOLUTION_MS)?.fire();
    },
    [Symbol.dispose]: () => {
      for (const one of [observation, timers, time, process]) one[Symbol.dispose]();
    },
  };
}

const delay = (values: Map<string, number>, name: string) =>
  values.get(`nodejs.eventloop.delay.${name}`) ?? NaN;

Deno.test("what a timer is late by is the delay", async () => {
  using measuring = await startMeasuring();
  assertEquals([...measuring.collect().keys()], []);
  for (let lateMs = 1; lateMs <= 100; lateMs++) measuring.tick(lateMs);
  const values = measuring.collect();
  assertEquals(values.size, 7);
  const exact = ["min", "max", "mean", "stddev"].map((name) =>
    Math.round(delay(values, name) * 1e6)
  );
  assertEquals(exact, [1_000, 100_000, 50_500, Math.round(Math.sqrt((100 ** 2 - 1) / 12) * 1_000)]);
  for (const percent of [50, 90, 99]) {
    const seconds = delay(values, `p${percent}`);
    assert(seconds >= percent / 1_000 && seconds <= percent / 1_000 * PRECISION, `${seconds}`);
  }
});

Deno.test("a timer that is early counts as on time", async () => {
  using measuring = await startMeasuring();
  for (let i = 0; i < 10; i++) measuring.tick(-0.5);
  const values = measuring.collect();
  assertEquals([...new Set(values.values())], [0]);
});

Deno.test("percentiles of any delays are true, up to a bucket's width", async () => {
  const delays = fc.array(fc.double({ min: 0.02, max: 1e7, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  await fc.assert(fc.asyncProperty(delays, async (latenesses) => {
    using measuring = await startMeasuring();
    for (const lateMs of latenesses) measuring.tick(lateMs);
    const values = measuring.collect();
    const sorted = latenesses.toSorted((a, b) => a - b);
    for (const percent of [50, 90, 99]) {
      const exact = sorted[Math.ceil(sorted.length * percent / 100) - 1]! / 1_000;
      const shown = delay(values, `p${percent}`);
      const atMost = exact > LONGEST_S ? sorted.at(-1)! / 1_000 : exact * PRECISION;
      // The clock loses digits as its time goes by.
      assert(shown >= exact - 1e-6 && shown <= atMost + 1e-6, `${shown} is not ${exact}`);
    }
  }));
});

Deno.test("whoever reads each minute misses no delay, however many others read", async () => {
  type Step = { lateMs: number } | { passMs: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ lateMs: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({ passMs: fc.integer({ min: 0, max: 90_000 }) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
    using measuring = await startMeasuring();
    let nowMs = 0;
    const measured: { atMs: number; seconds: number }[] = [];
    for (const one of steps) {
      if ("lateMs" in one) {
        measuring.tick(one.lateMs);
        nowMs += RESOLUTION_MS + one.lateMs;
        measured.push({ atMs: nowMs, seconds: one.lateMs / 1_000 });
        continue;
      }
      measuring.time.pass(one.passMs);
      nowMs += one.passMs;
      const max = delay(measuring.collect(), "max");
      for (const { atMs, seconds } of measured) {
        assert(
          nowMs - atMs >= MINUTE_MS || max >= seconds - 1e-9,
          `${max} is less than ${seconds}`,
        );
      }
      // The next tick is late by what has passed without one.
      measuring.timers.waiting.find(({ delayMs }) => delayMs === RESOLUTION_MS)?.fire();
      measured.push({ atMs: nowMs, seconds: Math.max(0, one.passMs - RESOLUTION_MS) / 1_000 });
    }
  }));
});

Deno.test("a delay is shown for a minute at least, and for little more than two", async () => {
  for (let quartersBefore = 0; quartersBefore < 9; quartersBefore++) {
    using measuring = await startMeasuring();
    /** A quarter of a minute, and whether a reading at its end shows the delay. */
    const quarter = (lateMs: number) => {
      measuring.tick(lateMs);
      for (let i = 1; i < 150; i++) measuring.tick(0);
      return delay(measuring.collect(), "max") >= 0.5;
    };
    for (let i = 0; i < quartersBefore; i++) quarter(0);
    const shown = [quarter(500), ...Array.from({ length: 12 }, () => quarter(0))];
    const readings = shown.lastIndexOf(true) + 1;
    assertEquals(shown.indexOf(false), readings);
    assert(readings >= 4 && readings <= 9, `${readings} readings show it`);
  }
});

Deno.test("one timer waits at a time, and none after the end", async () => {
  const measuring = await startMeasuring();
  const waiting = () => measuring.timers.waiting.length;
  for (let i = 0; i < 3; i++) {
    assertEquals(waiting(), 1);
    measuring.tick(0);
  }
  const [last] = measuring.timers.waiting;
  measuring[Symbol.dispose]();
  assertEquals(measuring.callbacks.size, 0);
  // Had it been due at this moment, it would not begin anew.
  last?.fire();
  assertEquals(waiting(), 0);
});

Deno.test("what ends before it has begun starts no timer", async () => {
  using _process = pretendProcess({ versions: { bun: "1.4.0" } });
  using timers = holdTimers(RESOLUTION_MS);
  const { meter, callbacks } = collectingMeter();
  const ending = spiedSignal();
  observeRuntime({ meter, signal: ending.signal })[Symbol.dispose]();
  assertEquals(ending.listeners(), 0);
  observeRuntime({ meter, signal: ending.signal });
  ending.abort();
  observeRuntime({ meter, signal: ending.signal })[Symbol.dispose]();
  await Promise.resolve();
  assertEquals([timers.waiting.length, callbacks.size], [0, 0]);
});
