// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What do sessions and operations cost that travel with the async context? `als.run` is what a
 * runtime takes for it; beside it stand what is here made of it, and the same work without. Each
 * event is delivered to one handler; one that is lost fails the bench. CPU time is measured, round
 * after round in turn; the median of the rounds counts.
 *
 * Run it with `deno task bench:context [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { EventBus } from "../mod.ts";
import { currentContext, currentTrace, operation, withSession } from "../src/context/mod.ts";
import { type Contender, median } from "./measure.ts";

const BURST = 500;
const ROUNDS = 41;
const BURSTS_PER_ROUND = 10;
const WARM_UP_ROUNDS = 5;
const PAIR = ["job.start", "job.end"] as const;
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const METADATA = { job: 7 };

interface JobEvents {
  "job.start": { job: number };
  "job.end": { job: number };
  "job.step": { job: number };
}

let handled = 0;
let published = 0;
let seen = 0;
const buses: EventBus<JobEvents>[] = [];

/** A bus with one handler of each type. */
function busOf(
  options: { context?: typeof currentContext; enabled?: boolean } = {},
) {
  const bus = new EventBus<JobEvents>({
    ...options,
    maxQueueSize: 100_000,
    drainBudgetMs: 60_000,
  });
  bus.start().subscribeAll(() => void handled++);
  buses.push(bus);
  return bus;
}

/** Does the same `BURST` times, and lets what it published be delivered. */
function repeated(name: string, work: (i: number) => void): Contender {
  return {
    name,
    burst: async () => {
      for (let i = 0; i < BURST; i++) work(i);
      await null;
    },
  };
}

/** The same, in a session that begins before. */
function inSession(name: string, work: (i: number) => void): Contender {
  return {
    name,
    burst: () =>
      withSession({ sessionId: "s", traceparent: TRACEPARENT }, async () => {
        for (let i = 0; i < BURST; i++) work(i);
        await null;
      }),
  };
}

/** Nanoseconds of CPU time, by contender. */
async function measure(
  contenders: readonly Contender[],
): Promise<Map<string, number>> {
  const rounds = new Map(
    contenders.map(({ name }): [string, number[]] => [name, []]),
  );
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const { name, burst } of contenders) {
      const before = process.cpuUsage();
      for (let i = 0; i < BURSTS_PER_ROUND; i++) await burst();
      const { user, system } = process.cpuUsage(before);
      const each = (user + system) * 1_000 / (BURSTS_PER_ROUND * BURST);
      if (round >= 0) rounds.get(name)?.push(each);
      // A turn of the event loop, so that nothing is measured that another contender left behind.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  return new Map([...rounds].map(([name, times]) => [name, median(times)]));
}

const storage = new AsyncLocalStorage<object>();
const store = {};
const note = (value: unknown) => {
  if (value !== 0) seen++;
};
const step = (bus: EventBus<JobEvents>) => {
  published++;
  bus.publish("job.step", METADATA);
};
const call = <Result>(fn: () => Result): Result => fn();

const plain = busOf();
const aware = busOf({ context: currentContext });
const disabled = busOf({ enabled: false });

const GROUPS: Readonly<Record<string, readonly Contender[]>> = {
  "to carry something": [
    repeated("a call", (i) => call(() => note(i))),
    repeated("als.run", (i) => storage.run(store, () => note(i))),
    repeated(
      "withSession, with an id",
      (i) => withSession({ sessionId: "s" }, () => note(i)),
    ),
    repeated(
      "withSession, without one",
      (i) => withSession({}, () => note(i)),
    ),
  ],
  "to read it": [
    repeated("currentContext, in none", () => note(currentContext())),
    inSession("currentContext, in a session", () => note(currentContext())),
    inSession("currentTrace, in a session", () => note(currentTrace())),
  ],
  "to publish one event": [
    repeated("no context option", () => step(plain)),
    repeated("currentContext, in none", () => step(aware)),
    inSession("currentContext, in a session", () => step(aware)),
    inSession("the bus without, in a session", () => step(plain)),
  ],
  "an operation": [
    repeated("two publishes with ids", (i) => {
      published += 2;
      const init = { sessionId: "s", operationId: `o${i}` };
      plain.publish("job.start", METADATA, init);
      note(i);
      plain.publish("job.end", METADATA, init);
    }),
    inSession("operation", (i) => {
      published += 2;
      operation(aware, PAIR, METADATA, (op) => {
        note(i);
        return op.end(METADATA);
      });
    }),
    repeated(
      "operation on a disabled bus",
      (i) =>
        void operation(disabled, PAIR, METADATA, (op) => {
          note(i);
          return op.end(METADATA);
        }),
    ),
  ],
};

const { deno, bun, node } = process.versions;
console.log(
  `${deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`}, ns each:`,
);
for (const [name, contenders] of Object.entries(GROUPS)) {
  const timings = await measure(contenders);
  console.log(name);
  for (const [contender, nanoseconds] of timings) {
    console.log(
      `  ${contender.padEnd(32)} ${nanoseconds.toFixed(0).padStart(6)}`,
    );
  }
}
await Promise.all(buses.map((bus) => bus.stop()));
if (handled !== published || seen === 0) {
  console.error(`${published} were published, ${handled} handled`);
  process.exitCode = 1;
}
