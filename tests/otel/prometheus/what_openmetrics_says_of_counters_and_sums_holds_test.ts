import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import {
  buckets,
  exponential,
  histogram,
  point,
  scrapeBoth,
  sum,
} from "../../support/metric_data.ts";
import { samples } from "../../support/samples.ts";

// The rules are those of OpenMetrics 1.0.0, specification/OpenMetrics.md.

interface Events {
  e: number;
}

/** Which of sum and count a histogram `h` of these values has, in both formats. */
async function totals(buckets: number[], values: number[]): Promise<Record<string, string[]>> {
  const { catalog, histogram } = declare<Events>();
  const { metrics = {} } = catalog({
    metrics: { h: histogram("e", { value: ({ metadata }) => metadata, buckets }) },
  });
  const subscriber = new MetricsSubscriber<Events>({ metrics });
  const producer = createMetricProducer({ collect: () => subscriber.collect() });
  await using prometheus = new PrometheusMetrics({ metricProducers: [producer] });
  await using bus = new EventBus<Events>().start();
  bus.registerSubscriber(subscriber);
  for (const value of values) bus.publish("e", value);
  await bus.flush();
  const shown = async (format: "prometheus" | "openmetrics") =>
    (await prometheus.scrape(format)).split("\n").filter((line) => /^h_(sum|count)/.test(line));
  return { prometheus: await shown("prometheus"), openmetrics: await shown("openmetrics") };
}

// "Histogram": "Negative threshold buckets MAY be used, but then the Histogram MetricPoint MUST NOT
// contain a sum value as it would no longer be a counter semantically." And "Text Format",
// "Histogram": "If and only if a Sum Value is present in a MetricPoint, then the MetricPoint's +Inf
// Bucket value MUST also appear in a Sample with a MetricName with suffix _count."
Deno.test("a histogram with negative values or bounds has no sum in OpenMetrics, nor a count", async () => {
  for (
    const [bounds, values] of [
      [[1, 2], [-5]],
      [[1, 2], [-5, 50]],
      [[-1, 0, 1], [5]],
      [[-1], []],
    ]
  ) {
    const all = values!.reduce((a, b) => a + b, 0);
    assertEquals(await totals(bounds!, values!), {
      prometheus: [`h_sum ${all}`, `h_count ${values!.length}`],
      openmetrics: [],
    });
  }
});

Deno.test("a histogram of values from 0 on has both, also without any", async () => {
  for (const values of [[], [0], [0, 3]]) {
    const both = [`h_sum ${values.reduce((a, b) => a + b, 0)}`, `h_count ${values.length}`];
    assertEquals(await totals([0, 1], values), { prometheus: both, openmetrics: both });
  }
});

Deno.test("what another producer says is negative, or no number, is no sum either", async () => {
  const negative = { ...buckets([1], [1, 0], 7), min: -1 };
  for (const value of [buckets([1], [1, 0], -1), buckets([1], [1, 0], NaN), negative]) {
    const { prometheus, openmetrics } = await scrapeBoth([
      histogram({ name: "h" }, [point(value)]),
    ]);
    assertEquals(samples(prometheus)["h_sum"], value.sum);
    assertEquals(Object.keys(samples(openmetrics)), [
      'h_bucket{le="1.0"}',
      'h_bucket{le="+Inf"}',
    ]);
  }
  const none = { offset: 0, bucketCounts: [] };
  const some = { offset: 0, bucketCounts: [1] };
  const common = { count: 1, sum: 1, scale: 0, zeroCount: 0 };
  for (const [positive, negative, count] of [[some, none, 1], [none, some, 0]] as const) {
    const { openmetrics } = await scrapeBoth([
      exponential({ name: "e" }, [point({ ...common, positive, negative })]),
    ]);
    assertEquals(/^e_sum/m.test(openmetrics) ? 1 : 0, count);
  }
});

Deno.test("histograms of one name whose values may be negative have no sum together", async () => {
  const { openmetrics } = await scrapeBoth([
    histogram({ name: "h" }, [point({ ...buckets([1], [1, 0], -1), min: -1 })]),
    histogram({ name: "h" }, [point(buckets([1], [0, 1], 5))]),
  ]);
  assertEquals(/^h_(sum|count)/m.test(openmetrics), false);
});

// "Counter": "A MetricPoint in a Metric with the type Counter MUST have one value called Total. A
// Total is a non-NaN and MUST be monotonically non-decreasing over time, starting from 0."
Deno.test("a counter that is no number, or negative, is left out and reported once", async () => {
  const points = [point(NaN, { x: 1 }), point(-1, { x: 2 }), point(2, { x: 3 }), point(0)];
  const { prometheus, openmetrics, warnings } = await scrapeBoth([sum({ name: "c" }, points)]);
  for (const text of [prometheus, openmetrics]) {
    assertEquals(samples(text), { 'c_total{x="3"}': 2, "c_total": 0 });
  }
  assertEquals(warnings, [
    'busbar: Cannot show all of the metric "c": a counter must be at least 0, and one of its series ' +
    "is not",
  ]);
});

Deno.test("a counter that was given no number stands in no scrape", async () => {
  await using metrics = new PrometheusMetrics({ logger: new MemoryLogger() });
  metrics.meter.createCounter("c").add(NaN);
  metrics.meter.createUpDownCounter("u").add(NaN);
  assertEquals(/^c/m.test(await metrics.scrape("openmetrics")), false);
  assertEquals(/^u NaN$/m.test(await metrics.scrape("openmetrics")), true);
});
