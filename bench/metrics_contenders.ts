/** What `metrics.ts` holds against each other. @module */
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import client from "prom-client";
import { burstClock, EventBus, type EventBusOptions } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { MetricsSubscriber, observeBus } from "../src/subscribers/mod.ts";

/** What is timed, and how many events a burst of it has. */
export interface MetricsContender {
  readonly events: number;
  readonly burst: () => void | Promise<void>;
  readonly afterTenBursts?: () => void;
  /** What is wrong once all has been timed; nothing if all is well. */
  readonly check?: () => string | undefined;
}

const BURST = 1_000;
/** So many attribute sets there may be, where others overflow. */
const KNOWN_SETS = 50;

interface Read {
  readonly model: string;
  readonly tenant: string;
  readonly tookMs: number;
}

interface ReadEvents {
  "cache.read": Read;
  "read.start": undefined;
  "read.end": undefined;
}

function reads(length: number, from = 0): Read[] {
  return Array.from({ length }, (_, i) => ({
    model: `model-${(from + i) % 4}`,
    tenant: `tenant-${from + i}`,
    tookMs: i * 3,
  }));
}
const READS = reads(8);
const STRANGERS = reads(BURST);
const read = (i: number) => READS[i & 7] as Read;

const { counter, histogram, duration } = declare<ReadEvents>();
type Metrics = NonNullable<
  ConstructorParameters<typeof MetricsSubscriber<ReadEvents>>[0]["metrics"]
>;

const attributes = ({ metadata: { model, tenant } }: { metadata: Read }) => ({
  model,
  tenant,
});
/** Every other event has its names in another order. */
let turn = 0;
const inTurn = ({ metadata: { model, tenant } }: { metadata: Read }) =>
  (turn++ & 1) === 0 ? { model, tenant } : { tenant, model };

/** A bus, a subscriber, and whether what one counted is what the other delivered. */
function subscribed(
  metrics: Metrics,
  options: EventBusOptions = {},
  meter = undefined as MetricsMeter | undefined,
) {
  const bus = new EventBus<ReadEvents>({
    drainBudgetMs: 1_000,
    maxQueueSize: BURST * 10,
    logger: { warn() {} },
    ...options,
  }).start();
  const subscriber = new MetricsSubscriber<ReadEvents>({
    metrics,
    meter,
    logger: { warn() {} },
  });
  bus.registerSubscriber(subscriber);
  const check = () => {
    bus.flushSync();
    const { published, delivered } = bus.stats();
    if (published !== delivered) {
      return `lost ${published - delivered} of ${published} events`;
    }
    const [metric] = subscriber.collect();
    let counted = 0;
    for (const point of metric?.points ?? []) {
      counted += "value" in point ? point.value : point.count;
    }
    const expected = metric?.name.startsWith("duration") ? delivered / 2 : delivered;
    return counted === expected ? undefined : `counted ${counted} of ${expected}`;
  };
  return { bus, subscriber, check };
}

type MetricsMeter = NonNullable<
  ConstructorParameters<typeof MetricsSubscriber>[0]["meter"]
>;

/** In bursts of a thousand, each drained as microtasks come. */
function burst(
  metrics: Metrics,
  of: (i: number) => Read = read,
  options?: EventBusOptions,
) {
  const { bus, check } = subscribed(metrics, options);
  return {
    events: BURST,
    check,
    burst: async () => {
      for (let i = 0; i < BURST; i++) bus.publish("cache.read", of(i));
      while (bus.queueDepth > 0) await null;
    },
  };
}

/** One slice for each event. */
function alone(metrics: Metrics, meter?: MetricsMeter, isObserved = false) {
  const { bus, check } = subscribed(metrics, {}, meter);
  if (isObserved) observeBus(bus, { meter: sdkMeter() });
  const types = Object.keys(metrics)[0]!.startsWith("duration")
    ? ["read.start", "read.end"] as const
    : ["cache.read", "cache.read"] as const;
  return {
    events: BURST,
    check,
    burst: async () => {
      for (let i = 0; i < BURST; i++) {
        bus.publish(types[i & 1] as "cache.read", read(i));
        while (bus.queueDepth > 0) await null;
      }
    },
  };
}

function many(count: number, make: (i: number) => Metrics[string]): Metrics {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const metric = make(i);
      return [
        `${metric.source === "pair" ? "duration" : "counter"}${i}`,
        metric,
      ];
    }),
  );
}

/** All but the first one have events of their own. */
const counters = (count: number) =>
  many(
    count,
    (i) =>
      counter((i === 0 ? "cache.read" : `other${i}`) as "cache.read", {
        attributes,
      }),
  );
const durations = (count: number) =>
  many(
    count,
    (i) =>
      i === 0
        ? duration("read.start", "read.end")
        : duration(`start${i}` as "read.start", `end${i}` as "read.end"),
  );

/** With a reader, for without one the SDK keeps nothing. */
function sdkMeter(maxSets = 2_000) {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const views = [{ instrumentName: "*", aggregationCardinalityLimit: maxSets }];
  return new MeterProvider({ readers: [reader], views }).getMeter("bench");
}

function sdkCalls(kind: "counter" | "histogram") {
  const meter = sdkMeter();
  const reads = meter.createCounter("reads");
  const latency = meter.createHistogram("latency", { unit: "ms" });
  const record = kind === "counter"
    ? ({ model, tenant }: Read) => reads.add(1, { model, tenant })
    : ({ model, tenant, tookMs }: Read) => latency.record(tookMs, { model, tenant });
  return calls(record);
}

function promCalls(kind: "counter" | "histogram") {
  const registers = [new client.Registry()];
  const options = {
    name: "reads",
    help: "Reads",
    labelNames: ["model", "tenant"],
    registers,
  };
  if (kind === "counter") {
    const counter = new client.Counter(options);
    return calls(({ model, tenant }) => counter.inc({ model, tenant }));
  }
  const histogram = new client.Histogram({
    ...options,
    buckets: [...HISTOGRAM.latency.buckets],
  });
  return calls(({ model, tenant, tookMs }) => histogram.observe({ model, tenant }, tookMs));
}

function calls(record: (read: Read) => void) {
  return {
    events: BURST,
    burst: () => {
      for (let i = 0; i < BURST; i++) record(read(i));
    },
  };
}

const COUNTER = { reads: counter("cache.read", { attributes }) };
const HISTOGRAM = {
  latency: histogram("cache.read", {
    value: ({ metadata: { tookMs } }) => tookMs,
    attributes,
    unit: "ms",
  }),
};

/** All but the first few overflow. */
function overflowing(metrics: Metrics) {
  return burst(metrics, (i) => STRANGERS[i] as Read);
}

/** Each value is the first of its set: ten bursts, then all begins anew. */
function firstOfASet() {
  const metrics = {
    reads: counter("cache.read", { attributes, maxAttributeSets: 100_000 }),
  };
  let { bus, subscriber, check } = subscribed(metrics);
  let fresh = reads(BURST * 10);
  let next = 0;
  let problem: string | undefined;
  return {
    events: BURST,
    check: () => problem,
    burst: async () => {
      for (let i = 0; i < BURST; i++) {
        bus.publish("cache.read", fresh[next++] as Read);
      }
      while (bus.queueDepth > 0) await null;
    },
    afterTenBursts: () => {
      problem ??= check();
      const [metric] = subscriber.collect();
      if (metric?.points.length !== BURST * 10) {
        problem ??= `${metric?.points.length} sets`;
      }
      fresh = reads(BURST * 10);
      next = 0;
      void bus.stop();
      ({ bus, subscriber, check } = subscribed(metrics));
    },
  };
}

function firstAddOfASet() {
  let reads_ = sdkMeter(100_000).createCounter("reads");
  let fresh = reads(BURST * 10);
  let next = 0;
  return {
    events: BURST,
    burst: () => {
      for (let i = 0; i < BURST; i++) {
        const { model, tenant } = fresh[next++] as Read;
        reads_.add(1, { model, tenant });
      }
    },
    afterTenBursts: () => {
      fresh = reads(BURST * 10);
      next = 0;
      reads_ = sdkMeter(100_000).createCounter("reads");
    },
  };
}

/** What the producer alone pays; what it has queued is cleared away untimed. */
function producersShare() {
  const bus = new EventBus<ReadEvents>({ maxQueueSize: BURST * 10 });
  return {
    events: BURST,
    burst: () => {
      for (let i = 0; i < BURST; i++) bus.publish("cache.read", read(i));
    },
    afterTenBursts: () => void bus.flushSync(),
    check: () => bus.stats().rejected.queue_full > 0 ? "the queue was full" : undefined,
  };
}

/** By name. */
export const CONTENDERS: Readonly<Record<string, () => MetricsContender>> = {
  "bus → counter": () => burst(COUNTER),
  "bus → histogram": () => burst(HISTOGRAM),
  "burst clock → counter": () => burst(COUNTER, read, { clock: burstClock() }),
  "burst clock → histogram": () => burst(HISTOGRAM, read, { clock: burstClock() }),
  "producer's share": producersShare,
  "counter.add": () => sdkCalls("counter"),
  "histogram.record": () => sdkCalls("histogram"),
  "prom-client inc": () => promCalls("counter"),
  "prom-client observe": () => promCalls("histogram"),
  "one counter": () => alone(counters(1)),
  "500 counters": () => alone(counters(500)),
  "one counter, meter": () => alone(counters(1), sdkMeter()),
  "500 counters, meter": () => alone(counters(500), sdkMeter()),
  "one duration": () => alone(durations(1)),
  "500 durations": () => alone(durations(500)),
  "one counter, observed bus": () => alone(counters(1), undefined, true),
  "overflow": () =>
    overflowing({
      reads: counter("cache.read", {
        attributes,
        maxAttributeSets: KNOWN_SETS,
      }),
    }),
  "overflow, names in turn": () =>
    overflowing({
      reads: counter("cache.read", {
        attributes: inTurn,
        maxAttributeSets: KNOWN_SETS,
      }),
    }),
  "names in turn": () => burst({ reads: counter("cache.read", { attributes: inTurn }) }),
  "first of a set": firstOfASet,
  "first add of a set": firstAddOfASet,
};
