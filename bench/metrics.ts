// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does an event cost that becomes a counter or a histogram with two attributes, compared with
 * calling the OpenTelemetry instrument directly with the same attributes?
 *
 * Run it with `deno task bench:metrics`.
 *
 * @module
 */
import { declare } from "@busbar/busbar/catalog";
import { EventBus } from "@busbar/busbar";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { type Contender, measure } from "./measure.ts";

const BURST = 1_000;

interface ReadEvents {
  "cache.read": { model: string; tenant: string; tookMs: number };
}
const PAYLOADS = Array.from({ length: 8 }, (_, i) => ({
  model: `model-${i % 4}`,
  tenant: `tenant-${i % 8}`,
  tookMs: i * 3,
}));
const payload = (i: number) => PAYLOADS[i & 7] as (typeof PAYLOADS)[number];

const { catalog, counter, histogram } = declare<ReadEvents>();
const declaredReads = catalog({
  metrics: {
    "reads": counter("cache.read", {
      attributes: ({ metadata: { model, tenant } }) => ({ model, tenant }),
    }),
    "latency": histogram("cache.read", {
      value: ({ metadata }) => metadata.tookMs,
      attributes: ({ metadata: { model, tenant } }) => ({ model, tenant }),
      unit: "ms",
    }),
  },
});

/** The whole way of an event: published, queued, drained and added up. */
function throughTheBus(metric: "reads" | "latency"): Contender {
  const bus = new EventBus<ReadEvents>({ drainBudgetMs: 1_000 }).start();
  const declared = declaredReads.metrics?.[metric];
  if (declared === undefined) throw new Error(metric);
  const subscriber = new MetricsSubscriber<ReadEvents>({
    metrics: { [metric]: declared },
  });
  const producer = createMetricProducer({
    collect: () => subscriber.collect(),
  });
  new PrometheusMetrics({ metricProducers: [producer] });
  bus.registerSubscriber(subscriber);
  return {
    name: `bus → ${metric}`,
    burst: async () => {
      for (let i = 0; i < BURST; i++) bus.publish("cache.read", payload(i));
      await null;
    },
  };
}

/** What the producer alone pays; what it has queued is cleared away untimed. */
function producersShare(): Contender {
  const bus = new EventBus<ReadEvents>({ maxQueueSize: BURST * 10 });
  return {
    name: "producer's share",
    burst: () => {
      for (let i = 0; i < BURST; i++) bus.publish("cache.read", payload(i));
    },
    afterTenBursts: () => void bus.flushSync(),
  };
}

function direct(kind: "counter.add" | "histogram.record"): Contender {
  // With a reader, for without one the SDK keeps nothing.
  const { meter } = new PrometheusMetrics();
  const reads = meter.createCounter("reads");
  const latency = meter.createHistogram("latency", { unit: "ms" });
  return {
    name: kind,
    burst: kind === "counter.add"
      ? () => {
        for (let i = 0; i < BURST; i++) {
          const { model, tenant } = payload(i);
          reads.add(1, { model, tenant });
        }
      }
      : () => {
        for (let i = 0; i < BURST; i++) {
          const { model, tenant, tookMs } = payload(i);
          latency.record(tookMs, { model, tenant });
        }
      },
  };
}

const PAIRS: [
  measured: () => Contender,
  against: () => Contender,
  atMost: number,
][] = [
  [() => throughTheBus("reads"), () => direct("counter.add"), 0.6],
  [producersShare, () => direct("counter.add"), 0.35],
  [() => throughTheBus("latency"), () => direct("histogram.record"), 0.6],
  [producersShare, () => direct("histogram.record"), 0.35],
];

let missed = 0;
for (const [measured, against, limit] of PAIRS) {
  const [a, b] = [measured(), against()];
  const timings = await measure([a, b], BURST);
  const [time, reference] = [
    timings.get(a.name) ?? NaN,
    timings.get(b.name) ?? NaN,
  ];
  const ratio = time / reference;
  if (!(ratio <= limit)) missed++;
  console.log(
    `${a.name} ${time.toFixed(1)} / ${b.name} ${reference.toFixed(1)} = ${ratio.toFixed(2)} ` +
      `(at most ${limit})${ratio <= limit ? "" : "  MISSED"}`,
  );
}
if (missed > 0) {
  console.log(`${missed} of ${PAIRS.length} targets were missed`);
  Deno.exitCode = 1;
}
