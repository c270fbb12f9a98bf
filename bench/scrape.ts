// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a scrape of 10,000 series cost, and how long does it keep the event loop from turning?
 * And for how long do 100,000?
 *
 * The same series, with the same labels and values, in the bus's `PrometheusMetrics` and in a
 * registry of prom-client: once as counters, once as histograms; once as a meter's instruments, once
 * collected from events by a `MetricsSubscriber`. The collection counts too, and all
 * series change between two scrapes. Each pair is measured in a process of its own, in turn, round
 * by round; the medians are compared.
 *
 * Blocks are measured on their own: the longest time between two turns of the event loop while one
 * scrape is under way, without what other programs took of it (the time that the process computed,
 * all of its threads, is the most that counts). The worst scrape is held against the limit, and so is a process's first one,
 * which is made in several processes.
 *
 * Run it with `deno task bench:scrape`.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import client from "prom-client";
import { EventBus } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { createHandler, metricsRoute } from "../src/http/mod.ts";
import {
  createMetricProducer,
  type Meter,
  PrometheusMetrics,
  type ScrapeFormat,
} from "../src/otel/mod.ts";
import { MetricsSubscriber } from "../src/subscribers/mod.ts";
import { collectGarbage, median } from "./measure.ts";

const SERIES = 10_000;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A histogram's series: one for each bucket, the one of infinity, the sum and the count. */
const SERIES_A_HISTOGRAM = BUCKETS.length + 3;
const MAX_RATIO = 1.2;
const MAX_BLOCK_MS = 20;
const WARM_UP_ROUNDS = 10;
const ROUNDS = 60;
const BLOCK_ROUNDS = 40;
const FIRST_ROUNDS = 7;

type Scrape = () => Promise<string>;
type Shape = "counters" | "histograms";
/** Adds to every series of what is measured once more. */
type Touch = () => void;

interface Subject {
  readonly scrape: Scrape;
  readonly touch: Touch;
}

/** Ten instruments, whose attribute sets give so many series together. */
function* series(
  shape: Shape,
  count = SERIES,
): Generator<{ instrument: number; labels: Record<string, string> }> {
  const sets = shape === "counters" ? count / 10 : Math.ceil(count / 10 / SERIES_A_HISTOGRAM);
  for (let instrument = 0; instrument < 10; instrument++) {
    for (let set = 0; set < sets; set++) {
      yield {
        instrument,
        labels: {
          model_name: `model-${set % 50}`,
          route: `/v1/route/${set}`,
          status: "ok",
        },
      };
    }
  }
}

/** Creates the instruments. */
function instruments(shape: Shape, meter: Meter): Touch {
  const description = "What is measured";
  const advice = { explicitBucketBoundaries: BUCKETS };
  const all = [...series(shape)];
  const add = Array.from({ length: 10 }, (_, i) => {
    if (shape === "counters") {
      const counter = meter.createCounter(`bench.c${i}`, { description });
      return (labels: Record<string, string>) => counter.add(1, labels);
    }
    const histogram = meter.createHistogram(`bench.h${i}`, {
      description,
      advice,
    });
    return (labels: Record<string, string>) => histogram.record(0.3, labels);
  });
  return () => all.forEach(({ instrument, labels }) => add[instrument]?.(labels));
}

function busbar(shape: Shape, format: ScrapeFormat): Subject {
  const metrics = new PrometheusMetrics({ serviceName: "bench" });
  return {
    scrape: () => metrics.scrape(format),
    touch: instruments(shape, metrics.meter),
  };
}

/** Series that events feed, as `startObservability` collects them. */
function collected(
  shape: Shape,
  format: ScrapeFormat,
  count = SERIES,
): Subject {
  interface Events {
    "seen": {
      readonly instrument: number;
      readonly labels: Record<string, string>;
    };
  }
  const { counter, histogram } = declare<Events>();
  const metrics = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => {
      const options = {
        description: "What is measured",
        maxAttributeSets: count,
        measurements: (
          { metadata: { instrument, labels } }: { metadata: Events["seen"] },
        ) =>
          instrument === i ? [{ value: shape === "counters" ? 1 : 0.3, attributes: labels }] : [],
      };
      return [
        `bench.${shape === "counters" ? "c" : "h"}${i}`,
        shape === "counters"
          ? counter("seen", options)
          : histogram("seen", { ...options, buckets: BUCKETS }),
      ];
    }),
  );
  const subscriber = new MetricsSubscriber<Events>({ metrics });
  const bus = new EventBus<Events>({
    maxQueueSize: count + 10 * SERIES_A_HISTOGRAM,
  });
  bus.registerSubscriber(subscriber);
  const producer = createMetricProducer({
    collect: () => subscriber.collectInSlices(),
  });
  const prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  const all = [...series(shape, count)];
  return {
    scrape: () => prometheus.scrape(format),
    touch: () => {
      for (const one of all) bus.publish("seen", one);
      if (!bus.flushSync({ timeoutMs: 60_000 })) {
        throw new Error("not all was delivered");
      }
      const { published, delivered } = bus.stats();
      if (published !== delivered) {
        throw new Error(`lost ${published - delivered} events`);
      }
    },
  };
}

function promClient(shape: Shape): Subject {
  const registry = new client.Registry();
  const help = "What is measured";
  const labelNames = ["model_name", "route", "status"];
  const all = [...series(shape)];
  const registers = [registry];
  const add = Array.from({ length: 10 }, (_, i) => {
    if (shape === "counters") {
      const counter = new client.Counter({
        name: `bench_c${i}_total`,
        help,
        labelNames,
        registers,
      });
      return (labels: Record<string, string>) => counter.inc(labels, 1);
    }
    const options = {
      name: `bench_h${i}`,
      help,
      labelNames,
      registers,
      buckets: BUCKETS,
    };
    const histogram = new client.Histogram(options);
    return (labels: Record<string, string>) => histogram.observe(labels, 0.3);
  });
  return {
    scrape: () => registry.metrics(),
    touch: () => all.forEach(({ instrument, labels }) => add[instrument]?.(labels)),
  };
}

/** All that is done for a request: the scrape, negotiated and compressed. */
function compressed(shape: Shape): Subject {
  const { scrape, touch } = busbar(shape, "openmetrics");
  const handler = createHandler({ routes: [metricsRoute({ scrape })] });
  const headers = {
    "accept": "application/openmetrics-text",
    "accept-encoding": "gzip",
  };
  return {
    scrape: async () => {
      const response = await handler(
        new Request("http://localhost/metrics", { headers }),
      );
      return `${(await response.bytes()).length}`;
    },
    touch,
  };
}

/** What the SDK does in one piece before there is anything to write. */
function collection(shape: Shape): Subject {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
  return {
    scrape: async () => `${(await reader.collect()).errors.length}`,
    touch: instruments(shape, meter),
  };
}

/** As many turns as a scrape takes, with nothing to do: what it blocks is the machine's. */
function idle(): Subject {
  return {
    scrape: async () => {
      const endsAt = performance.now() + 10;
      while (performance.now() < endsAt) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      return "";
    },
    touch: () => {},
  };
}

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  "busbar, counters": () => busbar("counters", "prometheus"),
  "busbar, histograms": () => busbar("histograms", "prometheus"),
  "busbar OpenMetrics, counters": () => busbar("counters", "openmetrics"),
  "busbar OpenMetrics, histograms": () => busbar("histograms", "openmetrics"),
  "busbar OpenMetrics, gzip, counters": () => compressed("counters"),
  "busbar OpenMetrics, gzip, histograms": () => compressed("histograms"),
  "collected, counters": () => collected("counters", "prometheus"),
  "collected, histograms": () => collected("histograms", "prometheus"),
  "100,000 collected, counters": () => collected("counters", "openmetrics", 100_000),
  "100,000 collected, histograms": () => collected("histograms", "openmetrics", 100_000),
  "the SDK's collection, counters": () => collection("counters"),
  "the SDK's collection, histograms": () => collection("histograms"),
  "an idle loop": idle,
  "prom-client, counters": () => promClient("counters"),
  "prom-client, histograms": () => promClient("histograms"),
};

/** Each claim: what is held against what. */
const PAIRS: readonly [measured: string, against: string][] = [
  ["busbar, counters", "prom-client, counters"],
  ["busbar, histograms", "prom-client, histograms"],
  ["collected, counters", "prom-client, counters"],
  ["collected, histograms", "prom-client, histograms"],
  ["busbar OpenMetrics, counters", "prom-client, counters"],
  ["busbar OpenMetrics, histograms", "prom-client, histograms"],
];

/** These do more than prom-client does: only how long they block is claimed. */
const BLOCKS_ONLY: readonly string[] = [
  "busbar OpenMetrics, gzip, counters",
  "busbar OpenMetrics, gzip, histograms",
  "100,000 collected, counters",
  "100,000 collected, histograms",
];

/** What is part of each scrape, and what other programs on the machine do to all of them. */
const SHOWN_ONLY: readonly string[] = [
  "the SDK's collection, counters",
  "the SDK's collection, histograms",
  "an idle loop",
];

interface Result {
  /** Milliseconds a scrape. */
  readonly ms: number;
  /** The median scrape's longest block, and the longest of all, in milliseconds. */
  readonly blockMs: number;
  readonly longestBlockMs: number;
}

/** What the clock says, and how long this process has computed: on a busy machine, it waits. */
function now(): [wallMs: number, cpuMs: number] {
  const { user, system } = process.cpuUsage();
  return [performance.now(), (user + system) / 1_000];
}

async function longestBlockMs({ scrape, touch }: Subject): Promise<number> {
  touch();
  // What the touch left behind is not the scrape's.
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 10));
  let longest = 0;
  let done = false;
  let last = now();
  const turn = () => {
    const [wallMs, cpuMs] = now();
    longest = Math.max(longest, Math.min(wallMs - last[0], cpuMs - last[1]));
    last = [wallMs, cpuMs];
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise((resolve) => setImmediate(resolve));
  longest = 0;
  last = now();
  await scrape();
  done = true;
  turn();
  return longest;
}

function subjectOf(name: string): Subject {
  const make = SUBJECTS[name];
  if (make === undefined) {
    throw new Error(`There is no subject ${JSON.stringify(name)}`);
  }
  return make();
}

async function measureAll(names: readonly string[]): Promise<Result[]> {
  const subjects = names.map(subjectOf);
  const times = subjects.map((): number[] => []);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [i, { scrape, touch }] of subjects.entries()) {
      touch();
      await new Promise((resolve) => setTimeout(resolve, 0));
      const startedAt = performance.now();
      await scrape();
      if (round >= 0) times[i]?.push(performance.now() - startedAt);
    }
  }
  const results: Result[] = [];
  for (const [i, subject] of subjects.entries()) {
    const blocks: number[] = [];
    for (let round = 0; round < BLOCK_ROUNDS; round++) {
      blocks.push(await longestBlockMs(subject));
    }
    results.push({
      ms: median(times[i] ?? []),
      blockMs: median(blocks),
      longestBlockMs: Math.max(...blocks),
    });
  }
  return results;
}

/** Runs this in a process of its own, where no other subject's types slow anything down. */
function apart<Result>(...args: string[]): Result {
  const all = [
    "run",
    "--quiet",
    "--config",
    "bench/deno.json",
    "--v8-flags=--expose-gc",
    "-A",
    process.argv[1] ?? "",
    ...args,
  ];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8" }));
}

/** A process has one first scrape, with nothing cached or compiled yet: the median of several. */
function firstBlockMs(name: string): number {
  return median(
    Array.from({ length: FIRST_ROUNDS }, () => apart<number>("--first", name)),
  );
}

function compareAll(): void {
  console.log(`Deno ${process.versions.deno}, ${SERIES} series, ms a scrape:`);
  let claims = 0;
  let missed = 0;
  const judge = (text: string, kept: boolean) => {
    claims++;
    if (!kept) missed++;
    console.log(`${text}${kept ? "" : "  MISSED"}`);
  };
  const blocks = (
    name: string,
    { blockMs, longestBlockMs }: Result,
    firstMs = firstBlockMs(name),
  ) =>
    `blocks ${blockMs.toFixed(1)} ms in the median scrape, ${longestBlockMs.toFixed(1)} in the ` +
    `worst, ${firstMs.toFixed(1)} in the first`;
  const judgeBlocks = (name: string, result: Result) => {
    const firstMs = firstBlockMs(name);
    judge(
      `  ${name} ${blocks(name, result, firstMs)} (at most ${MAX_BLOCK_MS})`,
      Math.max(result.longestBlockMs, firstMs) <= MAX_BLOCK_MS,
    );
  };
  for (const [measured, against] of PAIRS) {
    const [ours, theirs] = apart<[Result, Result]>(measured, against);
    const ratio = ours.ms / theirs.ms;
    judge(
      `${measured} ${ours.ms.toFixed(1)} / ${against} ${theirs.ms.toFixed(1)} = ` +
        `${ratio.toFixed(2)} (at most ${MAX_RATIO})`,
      ratio <= MAX_RATIO,
    );
    judgeBlocks(measured, ours);
    console.log(`  ${against} ${blocks(against, theirs)}`);
  }
  for (const name of BLOCKS_ONLY) {
    const [result] = apart<[Result]>(name);
    console.log(`${name} ${result.ms.toFixed(1)}`);
    judgeBlocks(name, result);
  }
  for (const name of SHOWN_ONLY) {
    const [result] = apart<[Result]>(name);
    console.log(`${name} ${result.ms.toFixed(1)}, ${blocks(name, result)}`);
  }
  if (missed > 0) {
    console.log(`${missed} of ${claims} targets were missed`);
    process.exitCode = 1;
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) compareAll();
else if (first === "--first") {
  console.log(await longestBlockMs(subjectOf(rest[0] ?? "")));
} else console.log(JSON.stringify(await measureAll([first, ...rest])));
