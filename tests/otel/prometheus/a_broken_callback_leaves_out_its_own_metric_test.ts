import { assertEquals, assertRejects } from "@std/assert";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { point, producerOf, sum } from "../../support/metric_data.ts";
import { samples } from "../../support/samples.ts";
import { hurryTimers } from "../../support/watched_timers.ts";

/** What a scrape shows without its resource. */
async function shown(metrics: PrometheusMetrics): Promise<Record<string, number>> {
  const all = Object.entries(samples(await metrics.scrape()));
  return Object.fromEntries(all.filter(([series]) => !series.startsWith("target_info")));
}

Deno.test("a callback that throws or rejects leaves out its metric, also its last values", async () => {
  const logger = new MemoryLogger();
  await using metrics = new PrometheusMetrics({ logger });
  const { meter } = metrics;
  meter.createCounter("orders").add(1);
  meter.createObservableGauge("fine").addCallback((result) => result.observe(2));
  let fails = false;
  meter.createObservableGauge("throws").addCallback((result) => {
    result.observe(3);
    if (fails) throw new Error("no source");
  });
  meter.createObservableCounter("rejects").addCallback((result) => {
    result.observe(4, { x: "y" });
    return fails ? Promise.reject(new Error("no reply")) : Promise.resolve();
  });
  const all = { fine: 2, orders_total: 1, 'rejects_total{x="y"}': 4, throws: 3 };
  assertEquals(await shown(metrics), all);
  fails = true;
  for (let i = 0; i < 3; i++) assertEquals(await shown(metrics), { fine: 2, orders_total: 1 });
  assertEquals(logger.lines, [
    'busbar: Cannot read the metric "throws", left out of the scrape: no source',
    'busbar: Cannot read the metric "rejects", left out of the scrape: no reply',
  ]);
  assertEquals(metrics.failedCallbacksByMetric, { throws: 3, rejects: 3 });
  fails = false;
  assertEquals(await shown(metrics), all);
  assertEquals(metrics.failedCallbacksByMetric, { throws: 3, rejects: 3 });
});

Deno.test("a callback of several metrics leaves out all of them, in its own scope alone", async () => {
  const logger = new MemoryLogger();
  await using metrics = new PrometheusMetrics({ logger });
  const meter = metrics.provider.getMeter("pool", "1");
  // A meter that is asked for twice is guarded once.
  assertEquals(metrics.provider.getMeter("pool", "1"), meter);
  const size = meter.createObservableGauge("size");
  const used = meter.createObservableUpDownCounter("used");
  const broken = () => {
    throw "no text";
  };
  meter.addBatchObservableCallback(broken, [size, used]);
  meter.addBatchObservableCallback(broken, [size, used]);
  metrics.meter.createObservableGauge("size").addCallback((result) => result.observe(1));
  assertEquals(await shown(metrics), { size: 1 });
  assertEquals(logger.lines, [
    'busbar: Cannot read the metrics "size", "used", left out of the scrape: no text',
  ]);
  assertEquals(metrics.failedCallbacksByMetric, { size: 1, used: 1 });
  // Once it is removed, nothing fails any more.
  meter.removeBatchObservableCallback(broken, [used, size]);
  meter.removeBatchObservableCallback(broken, [used, size]);
  meter.addBatchObservableCallback((result) => result.observe(size, 7), [size]);
  assertEquals(await shown(metrics), {
    size: 1,
    'size{otel_scope_name="pool",otel_scope_version="1"}': 7,
  });
  assertEquals(metrics.failedCallbacksByMetric, { size: 1, used: 1 });
});

Deno.test("a callback that is removed is called no longer, one that is added twice once", async () => {
  await using metrics = new PrometheusMetrics();
  const gauge = metrics.meter.createObservableGauge("g");
  let calls = 0;
  const callback = () => void calls++;
  gauge.addCallback(callback);
  gauge.addCallback(callback);
  await metrics.scrape();
  assertEquals(calls, 1);
  gauge.removeCallback(callback);
  gauge.removeCallback(callback);
  await metrics.scrape();
  assertEquals(calls, 1);
});

Deno.test("of two callbacks of a metric one that is broken leaves it out, until it is removed", async () => {
  await using metrics = new PrometheusMetrics({ logger: new MemoryLogger() });
  const gauge = metrics.meter.createObservableGauge("g");
  const broken = () => Promise.reject(new Error("no"));
  gauge.addCallback((result) => result.observe(1));
  gauge.addCallback(broken);
  assertEquals(await shown(metrics), {});
  gauge.removeCallback(broken);
  assertEquals(await shown(metrics), { g: 1 });
});

Deno.test("a callback that hangs is left out in time, and shown when it answers again", async () => {
  const logger = new MemoryLogger();
  // 40 % of it is what the callback has; the rest is far longer than any machine takes.
  await using metrics = new PrometheusMetrics({ logger, collectTimeoutMs: 100_000 });
  let hangs = true;
  metrics.meter.createObservableGauge("slow").addCallback(async (result) => {
    if (hangs) await new Promise<void>(() => {});
    result.observe(1);
  });
  metrics.meter.createObservableGauge("fine").addCallback((result) => result.observe(2));
  {
    using _hurried = hurryTimers(40_000);
    assertEquals(await shown(metrics), { fine: 2 });
  }
  assertEquals(logger.lines, [
    'busbar: Cannot read the metric "slow", left out of the scrape: it took longer than 40000 ms',
  ]);
  assertEquals(metrics.failedCallbacksByMetric, { slow: 1 });
  hangs = false;
  assertEquals(await shown(metrics), { slow: 1, fine: 2 });
});

Deno.test("a producer that fails, or says so, makes the scrape fail", async () => {
  const collect = () => Promise.reject(new Error("no source"));
  await using failing = new PrometheusMetrics({
    metricProducers: [createMetricProducer({ collect })],
  });
  await assertRejects(() => failing.scrape(), Error, "no source");
  const producer = producerOf([sum({ name: "c" }, [point(1)])]);
  await using partial = new PrometheusMetrics({
    metricProducers: [{
      collect: async () => ({ ...await producer.collect(), errors: [new Error("a part")] }),
    }],
  });
  const error = await assertRejects(() => partial.scrape(), AggregateError);
  assertEquals(error.errors.map(({ message }) => message), ["a part"]);
});
