// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a scrape cost that answers for four threads of 10,000 series each, and how long does it
 * keep the event loop from turning? It is held against a scrape of one thread with as many series, with
 * the same labels. All series change between two scrapes; both are measured in one process, in turn,
 * round by round, by the CPU time of their thread's process; the medians are compared. The first scrape
 * is one of a process of its own, which has read no name yet; of several, the median.
 *
 * The memories are those of threads, written by one: the reader takes them as they are, and asks
 * nobody.
 *
 * Run it with `deno task bench:threads:scrape`.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { EventBus } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { inSlices } from "../src/internal/slices.ts";
import { createMetricProducer, PrometheusMetrics } from "../src/otel/mod.ts";
import { MIRROR } from "../src/subscribers/metrics/mirror.ts";
import { MetricsSubscriber } from "../src/subscribers/mod.ts";
import { MemoryWriter } from "../src/threads/memory/memory_writer.ts";
import { createThreadMemory } from "../src/threads/memory/thread_memory.ts";
import { type Member, ThreadTotals } from "../src/threads/memory/thread_totals.ts";
import { median } from "./measure.ts";

const SERIES = 10_000;
const THREADS = 4;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SERIES_A_HISTOGRAM = BUCKETS.length + 3;
const MAX_RATIO = 1.3;
const MAX_BLOCK_MS = 20;
const ROUNDS = 30;
const WARM_UP_ROUNDS = 6;
const FIRST_ROUNDS = 5;
const HASH = "00000000000000ab";

type Shape = "counters" | "histograms";
interface Events {
  "seen": { readonly instrument: number; readonly labels: Record<string, string> };
}
const { counter, histogram } = declare<Events>();

function metricsOf(shape: Shape) {
  return Object.fromEntries(Array.from({ length: 10 }, (_, i) => {
    const options = {
      description: "What is measured",
      maxAttributeSets: SERIES,
      measurements: ({ metadata: { instrument, labels } }: { metadata: Events["seen"] }) =>
        instrument === i ? [{ value: shape === "counters" ? 1 : 0.3, attributes: labels }] : [],
    };
    const declared = shape === "counters"
      ? counter("seen", options)
      : histogram("seen", { ...options, buckets: BUCKETS });
    return [`bench.m${i}`, declared];
  }));
}

function seriesOf(shape: Shape): Events["seen"][] {
  const sets = shape === "counters" ? SERIES / 10 : Math.ceil(SERIES / 10 / SERIES_A_HISTOGRAM);
  return Array.from({ length: 10 * sets }, (_, i) => ({
    instrument: i % 10,
    labels: {
      model_name: `model-${Math.floor(i / 10) % 50}`,
      route: `/v1/route/${Math.floor(i / 10)}`,
      status: "ok",
    },
  }));
}

interface Subject {
  readonly scrape: () => Promise<string>;
  readonly touch: () => void;
}

function thread(shape: Shape, writer?: MemoryWriter) {
  const subscriber = new MetricsSubscriber<Events>({
    metrics: metricsOf(shape),
    ...{ [MIRROR]: writer },
  });
  const bus = new EventBus<Events>({ maxQueueSize: 2 * SERIES });
  bus.registerSubscriber(subscriber);
  const all = seriesOf(shape);
  const touch = () => {
    for (const one of all) bus.publish("seen", one);
    if (!bus.flushSync({ timeoutMs: 60_000 })) throw new Error("not all was delivered");
  };
  return { subscriber, touch };
}

function oneThread(shape: Shape): Subject {
  const { subscriber, touch } = thread(shape);
  const producer = createMetricProducer({ collect: () => subscriber.collectInSlices() });
  const prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  return { touch, scrape: () => prometheus.scrape() };
}

function allThreads(shape: Shape): Subject {
  const touches: (() => void)[] = [];
  const members = Array.from({ length: THREADS }, (_, i): Member => {
    const memory = createThreadMemory(HASH, { cells: 60 * SERIES, textBytes: 200 * SERIES });
    touches.push(thread(shape, new MemoryWriter(memory)).touch);
    return { memory, name: `${i}`, state: "alive" };
  });
  const totals = new ThreadTotals(HASH);
  const producer = createMetricProducer({
    collect: async () => (await inSlices(totals.collect(() => members))).metrics,
  });
  const prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  return { touch: () => touches.forEach((touch) => touch()), scrape: () => prometheus.scrape() };
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Milliseconds of CPU of a scrape, and the longest time between two turns of the event loop. */
async function measure({ scrape, touch }: Subject): Promise<[ms: number, blockMs: number]> {
  touch();
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setTimeout(resolve, 5));
  let longest = 0;
  let done = false;
  let last = [performance.now(), cpuMs()] as const;
  const turn = () => {
    const now = [performance.now(), cpuMs()] as const;
    longest = Math.max(longest, Math.min(now[0] - last[0], now[1] - last[1]));
    last = now;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise((resolve) => setImmediate(resolve));
  longest = 0;
  const started = cpuMs();
  await scrape();
  done = true;
  turn();
  return [cpuMs() - started, longest];
}

function apart<Result>(...args: string[]): Result {
  const flags = ["--quiet", "--config", "bench/deno.json", "--v8-flags=--expose-gc", "-A"];
  const all = ["run", ...flags, process.argv[1] ?? "", ...args];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8" }));
}

async function compare(shape: Shape) {
  const subjects = [allThreads(shape), oneThread(shape)];
  const times: number[][] = [[], []];
  let longest = 0;
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [i, subject] of subjects.entries()) {
      const [ms, blockMs] = await measure(subject);
      if (round < 0) continue;
      times[i]!.push(ms);
      if (i === 0) longest = Math.max(longest, blockMs);
    }
  }
  return { all: median(times[0]!), one: median(times[1]!), longest };
}

async function main(): Promise<void> {
  const [what, shape] = process.argv.slice(2) as [string?, Shape?];
  if (what === "first") {
    const [, blockMs] = await measure(allThreads(shape!));
    return console.log(blockMs);
  }
  if (what === "compare") return console.log(JSON.stringify(await compare(shape!)));
  console.log(`Deno ${process.versions.deno}, ${THREADS} threads of ${SERIES} series:`);
  let missed = 0;
  for (const shape of ["counters", "histograms"] as const) {
    const { all, one, longest } = apart<Awaited<ReturnType<typeof compare>>>("compare", shape);
    const first = median(
      Array.from({ length: FIRST_ROUNDS }, () => apart<number>("first", shape)),
    );
    const isMissed = all / one > MAX_RATIO || Math.max(longest, first) > MAX_BLOCK_MS;
    if (isMissed) missed++;
    console.log(
      `${shape}: a scrape of all ${all.toFixed(1)} / of one ${one.toFixed(1)} ms of CPU = ${
        (all / one).toFixed(2)
      } (at most ${MAX_RATIO}); blocks ${longest.toFixed(1)} ms in the worst, ${
        first.toFixed(1)
      } in the first (at most ${MAX_BLOCK_MS})${isMissed ? "  MISSED" : ""}`,
    );
  }
  if (missed > 0) process.exitCode = 1;
}

await main();
