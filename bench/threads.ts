// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does it cost that a thread sums into memory that others share? The same catalog, a counter and
 * a histogram with two attributes each, with the memory and without it: events that are published
 * alone, in tens and in thousands. Each burst is delivered before the next one is published; what
 * waiting for that costs without any event is subtracted. Both run in one process, in turn, round by
 * round; the quicker quarter counts. An event that is not counted fails the bench.
 *
 * Run it with `deno task bench:threads [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import process from "node:process";
import { EventBus } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { MIRROR } from "../src/subscribers/metrics/mirror.ts";
import { MetricsSubscriber } from "../src/subscribers/mod.ts";
import { BusLedger } from "../src/threads/memory/bus_ledger.ts";
import { MemoryWriter } from "../src/threads/memory/memory_writer.ts";
import { createThreadMemory } from "../src/threads/memory/thread_memory.ts";
import { type Member, ThreadTotals } from "../src/threads/memory/thread_totals.ts";
import { timeBursts, turn } from "./measure.ts";

interface Events {
  "read": { model: string; tenant: string; tookMs: number };
}

const ROUNDS = 41;
const MEASURED_MS = 4;
const BOUNDS: Readonly<Record<number, number>> = { 1: 1.25, 10: 1.25, 1_000: 1.1 };
const HASH = "00000000000000ab";
const READS = Array.from({ length: 8 }, (_, i) => ({
  model: `model-${i % 4}`,
  tenant: `tenant-${i}`,
  tookMs: i * 3,
}));

const { catalog, counter, histogram } = declare<Events>();
const attributes = ({ metadata: { model, tenant } }: { metadata: Events["read"] }) => ({
  model,
  tenant,
});
const { metrics } = catalog({
  metrics: {
    "reads": counter("read", { attributes }),
    "read.duration": histogram("read", {
      value: ({ metadata: { tookMs } }) => tookMs,
      unit: "ms",
      attributes,
    }),
  },
});

interface Subject {
  published: number;
  readonly publish: () => void;
  /** How many events were counted. */
  readonly counted: () => number;
}

function subject(isShared: boolean): Subject {
  const bus = new EventBus<Events>({ maxQueueSize: 100_000, logger: { warn() {} } });
  const memory = createThreadMemory(HASH, { cells: 100_000, textBytes: 100_000 });
  const writer = new MemoryWriter(memory);
  const subscriber = new MetricsSubscriber<Events>({
    metrics,
    ...{ [MIRROR]: isShared ? writer : undefined },
  });
  bus.registerSubscriber(subscriber);
  if (isShared) {
    const ledger = new BusLedger(bus as unknown as EventBus<object>, writer, false);
    bus.registerSubscriber(ledger);
    ledger.attach();
  }
  bus.start();
  const member: Member = { memory, name: "own", state: "alive" };
  const totals = new ThreadTotals(HASH);
  const collect = () => {
    if (!isShared) return subscriber.collect();
    const steps = totals.collect(() => [member]);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value.metrics;
    }
  };
  const made: Subject = {
    published: 0,
    publish: () => void bus.publish("read", READS[made.published++ & 7] as Events["read"]),
    counted: () => {
      const reads = collect().find(({ name }) => name === "reads");
      if (reads === undefined || reads.kind === "histogram") return 0;
      return reads.points.reduce((sum, { value }) => sum + value, 0);
    },
  };
  return made;
}

async function compare(burst: number): Promise<[plain: number, shared: number]> {
  const subjects = [subject(false), subject(true)];
  const all = [...subjects.map(({ publish }) => publish), () => {}];
  const bursts = all.map(() => 10);
  for (const [index, publish] of all.entries()) {
    for (let i = 0; i < 300; i++) {
      const took = await timeBursts(publish, burst, bursts[index]!);
      bursts[index] = Math.max(1, Math.round(MEASURED_MS * 1e6 / (took * burst)));
    }
  }
  const rounds: number[][] = all.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, publish] of all.entries()) {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) times.push(await timeBursts(publish, burst, bursts[index]!));
      rounds[index]!.push(Math.min(...times));
    }
  }
  await turn();
  for (const { published, counted } of subjects) {
    if (counted() !== published) throw new Error(`${published} events, ${counted()} counted`);
  }
  const [plain, shared, wait] = rounds.map((times) =>
    times.toSorted((a, b) => a - b)[times.length >> 2]!
  ) as [number, number, number];
  return [plain - wait, shared - wait];
}

const { deno, bun, node } = process.versions;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
console.log(`${runtime}, ns an event, net of the wait:`);
for (const burst of [1, 10, 1_000]) {
  const [plain, shared] = await compare(burst);
  const ratio = shared / plain;
  const most = BOUNDS[burst]!;
  console.log(
    `bursts of ${burst}: with shared memory ${shared.toFixed(0)} / without ${plain.toFixed(0)} = ${
      ratio.toFixed(2)
    } (at most ${most})${ratio > most ? "  MISSED" : ""}`,
  );
  if (ratio > most) process.exitCode = 1;
}
