// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does an event cost that is published alone, in a burst of 10, or of 1,000? A service has
 * bursts of one. Each burst is delivered before the next one is published; what waiting for that
 * costs without any event is subtracted from every contender.
 *
 * The bus runs its handler in the async context of its module, with and without an
 * `AsyncLocalStorage` around the publisher. It is held against eventemitter3, whose handler runs on
 * the publisher's stack, and against the bus as it was at commit 9043328, which is taken from the
 * repository's history. `burstClock()` is held against the default clock, and an async handler against
 * that commit's. Each pair runs in a process of its own, in turn. An event that is not delivered fails
 * the bench.
 *
 * `run_bursts.ts` runs it: `deno task bench:bursts [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { EventEmitter } from "eventemitter3";
import { burstClock, type BusEvent, EventBus } from "../mod.ts";
import { createClock } from "../src/bus/clock.ts";
import { timeBursts, turn } from "./measure.ts";

const TYPE = "cache.read";
const PAYLOAD = { keys: ["a", "b"] };
const ROUNDS = 31;
/** The time of one measurement, short enough to stay within a turn's budget. */
const MEASURED_MS = 2;
const MEASUREMENTS_PER_ROUND = 10;
const BEFORE = process.env["BUSBAR_BEFORE"];

let handled = 0;
/** Kept, as handlers do; or a compiler makes no record for who calls them on the same stack. */
let latest: BusEvent | undefined;
const count = (event: BusEvent) => {
  if (event.metadata !== undefined) handled++;
  latest = event;
};

/** Publishes one event, to be handled by `count`. */
type Publish = () => void;

const storage = new AsyncLocalStorage<number>();

function emitter3(): Publish {
  const clock = createClock();
  const emitter = new EventEmitter();
  emitter.on(TYPE, count);
  return () =>
    void emitter.emit(TYPE, {
      type: TYPE,
      timestamp: clock(),
      metadata: PAYLOAD,
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    });
}

/** The same, by a handler that nobody waits for. */
const countLater = async (event: BusEvent) => {
  await null;
  count(event);
};

function busOf(
  Bus: typeof EventBus,
  handler: typeof count | typeof countLater = count,
  clock?: () => number,
): Publish {
  const bus = new Bus({ maxQueueSize: 100_000, logger: { warn() {} }, clock })
    .start();
  bus.subscribe(TYPE, handler);
  return () => void bus.publish(TYPE, PAYLOAD);
}

async function busBefore(
  handler: typeof count | typeof countLater,
): Promise<Publish> {
  const { EventBus } = await import(BEFORE ?? "");
  return busOf(EventBus, handler);
}

const CONTENDERS: Readonly<Record<string, () => Publish | Promise<Publish>>> = {
  "bus": () => busOf(EventBus),
  "bus with burstClock()": () => busOf(EventBus, count, burstClock()),
  "bus, async handler": () => busOf(EventBus, countLater),
  "eventemitter3": emitter3,
  "bus at 9043328": () => busBefore(count),
  "bus at 9043328, async handler": () => busBefore(countLater),
};

/** What a quarter of the rounds stays below: a machine that does something else makes it slower only. */
function lowerQuarter(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 2] ?? NaN;
}

/** Nanoseconds per event of each, net of the wait; the lower quarter of the rounds. */
async function compare(
  names: readonly string[],
  burst: number,
): Promise<number[]> {
  const publishers = await Promise.all(
    names.map((name) => CONTENDERS[name]!()),
  );
  const all = [...publishers, () => {}];
  const isAsync = names.some((name) => name.includes("async"));
  const bursts = all.map(() => 10);
  for (const [index, publish] of all.entries()) {
    // Warmed up, and as many bursts as fit into a measurement.
    for (let i = 0; i < 300; i++) {
      const took = await timeBursts(publish, burst, bursts[index]!);
      bursts[index] = Math.max(
        1,
        Math.round(MEASURED_MS * 1e6 / (took * burst)),
      );
    }
  }
  handled = 0;
  let published = 0;
  const rounds: number[][] = all.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, publish] of all.entries()) {
      const times: number[] = [];
      for (let i = 0; i < MEASUREMENTS_PER_ROUND; i++) {
        times.push(await timeBursts(publish, burst, bursts[index]!));
        if (index < publishers.length) published += bursts[index]! * burst;
      }
      // The quickest: whatever else the machine does makes the others slower. What async handlers
      // leave to the garbage collector is part of what they cost, and comes now and then.
      rounds[index]!.push(
        isAsync ? times.reduce((sum, ns) => sum + ns) / times.length : Math.min(...times),
      );
    }
  }
  await turn();
  if (latest === undefined) throw new Error("nothing was handled");
  if (handled !== published) {
    throw new Error(`lost ${published - handled} of ${published} events`);
  }
  const times = rounds.map(lowerQuarter);
  const wait = times.pop()!;
  return times.map((took) => took - wait);
}

/** Each claim: what, in which burst, whether in an AsyncLocalStorage, against what, at most how much. */
const CLAIMS: readonly [
  measured: string,
  burst: number,
  isStored: boolean,
  against: string,
  most: Readonly<Record<string, number>>,
][] = [
  ["bus", 1, false, "eventemitter3", { Node: 2.6, Deno: 2.0 }],
  ["bus", 1, true, "eventemitter3", { Node: 3.2, Deno: 2.0 }],
  ["bus", 10, false, "eventemitter3", { Node: 1.4, Deno: 1.4 }],
  ["bus", 1_000, false, "bus at 9043328", { Node: 1.05, Deno: 1.05 }],
  ["bus", 1, false, "bus at 9043328", {}],
  ["bus", 10, false, "bus at 9043328", {}],
  ["bus with burstClock()", 1_000, false, "bus", { Node: 0.45, Deno: 0.45 }],
  ["bus with burstClock()", 1, false, "bus", {}],
  ["bus, async handler", 100, false, "bus at 9043328, async handler", {
    Node: 0.6,
    Deno: 0.6,
  }],
  ["bus, async handler", 1, false, "bus at 9043328, async handler", {}],
];

function compareAll(): void {
  const { deno, bun, node } = process.versions;
  const runtime = deno ? "Deno" : bun ? "Bun" : "Node";
  console.log(
    `${runtime} ${deno ?? bun ?? node}, ns an event, net of the wait:`,
  );
  let missed = 0;
  for (const [measured, burst, isStored, against, bounds] of CLAIMS) {
    if (against.includes("9043328") && BEFORE === undefined) continue;
    const flags = deno ? ["run", "--config", "bench/deno.json", "-A"] : [];
    const args = [
      ...flags,
      process.argv[1] ?? "",
      measured,
      `${burst}`,
      `${isStored}`,
      against,
    ];
    const [took, reference] = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    );
    const ratio = took / reference;
    const most = bounds[runtime];
    const isMissed = most !== undefined && ratio > most;
    if (isMissed) missed++;
    console.log(
      `bursts of ${burst}${isStored ? " in an AsyncLocalStorage" : ""}: ${measured} ${
        took.toFixed(0)
      } / ` +
        `${against} ${reference.toFixed(0)} = ${ratio.toFixed(2)}` +
        (most === undefined ? "" : ` (at most ${most})`) +
        (isMissed ? "  MISSED" : ""),
    );
  }
  if (missed > 0) process.exitCode = 1;
}

const [measured, burst, isStored, against] = process.argv.slice(2);
if (measured === undefined || against === undefined) {
  compareAll();
} else {
  const run = () => compare([measured, against], Number(burst));
  console.log(
    JSON.stringify(await (isStored === "true" ? storage.run(1, run) : run())),
  );
}
