// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What must not grow with how much there is: making and ending subscriptions of one type, publishing
 * while the subscriptions of another type come and go, and `oldestEventLagMs` with a long queue of
 * events that have timestamps of their own. An event that is not delivered fails the bench.
 *
 * `run.ts` runs it: `deno task bench:upkeep [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import process from "node:process";
import { EventBus } from "../mod.ts";

const SUBSCRIPTIONS = 10_000;
const EVENTS = 5_000;
const READS = 10_000;
const ROUNDS = 15;

/** Microseconds of CPU, whatever else the machine does. */
function cpuUs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The lower quarter of the rounds: a machine that does something else makes it slower only. */
function quick(measure: () => number): number {
  const times = Array.from({ length: ROUNDS }, measure).sort((a, b) => a - b);
  return times[ROUNDS >> 2] ?? NaN;
}

/** Microseconds a subscription, made and ended. */
function subscriptions(count: number): number {
  const bus = new EventBus();
  return quick(() => {
    const us = cpuUs(() => {
      const made = Array.from(
        { length: count },
        () => bus.subscribe("a", () => {}),
      );
      for (const subscription of made) subscription[Symbol.dispose]();
    });
    if (bus.hasSubscribers("a")) throw new Error("a subscription was left");
    return us / count;
  });
}

/** Nanoseconds an event of one type with 100 handlers; `churn` is done for each tenth. */
function publishing(churn: (bus: EventBus) => void): number {
  const bus = new EventBus({ maxQueueSize: EVENTS });
  let handled = 0;
  for (let i = 0; i < 100; i++) bus.subscribe("a", () => void handled++);
  return quick(() => {
    handled = 0;
    const us = cpuUs(() => {
      for (let i = 0; i < EVENTS; i++) {
        if (i % 10 === 0) churn(bus);
        bus.publish("a", i);
        if (i % 10 === 0) bus.flushSync();
      }
      bus.flushSync();
    });
    if (handled !== EVENTS * 100) throw new Error("an event was lost");
    return us * 1e3 / EVENTS;
  });
}

/** Nanoseconds a reading of the lag, behind so many events with a timestamp of their own. */
function lag(queued: number): number {
  const bus = new EventBus({ maxQueueSize: queued + 1 });
  for (let i = 0; i < queued; i++) bus.publish("a", i, { timestamp: 1 });
  bus.publish("a");
  let sum = 0;
  const ns = quick(() =>
    cpuUs(() => {
      for (let i = 0; i < READS; i++) sum += bus.oldestEventLagMs;
    }) * 1e3 / READS
  );
  if (!(sum >= 0)) throw new Error("the lag is no number");
  if (!bus.flushSync() || bus.stats().delivered !== queued + 1) {
    throw new Error("an event was lost");
  }
  return ns;
}

let missed = 0;
function claim(what: string, value: number, most: number): void {
  if (!(value <= most)) missed++;
  console.log(
    `${what}: ${value.toFixed(2)} (at most ${most})${value <= most ? "" : "  MISSED"}`,
  );
}

// Warmed up first.
subscriptions(100);
claim(
  "µs a subscription of 10,000 of one type",
  subscriptions(SUBSCRIPTIONS),
  2,
);
claim(
  "an event while subscriptions of another type come and go / while none do",
  publishing((bus) => bus.subscribe("b", () => {})[Symbol.dispose]()) /
    publishing(() => {}),
  1.2,
);
lag(10);
claim(
  "oldestEventLagMs behind 100,000 events / behind 10",
  lag(100_000) / lag(10),
  1.5,
);
if (missed > 0) process.exitCode = 1;
