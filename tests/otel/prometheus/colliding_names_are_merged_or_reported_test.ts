import { assertEquals } from "@std/assert";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import {
  buckets,
  gauge,
  histogram,
  point,
  producerOf,
  scrapeBoth,
  sum,
} from "../../support/metric_data.ts";
import { samples } from "../../support/samples.ts";

Deno.test("counters of one name are one family, and their common series one sum", async () => {
  const { prometheus, warnings } = await scrapeBoth([
    sum({ name: "a.b", description: "First" }, [point(1, { x: "1" }), point(2, { y: "1" })]),
    sum({ name: "a_b_total", description: "Second" }, [point(10, { x: 1 }), point(20, { z: "1" })]),
  ]);
  assertEquals(
    prometheus,
    `# HELP a_b_total First
# TYPE a_b_total counter
a_b_total{x="1"} 11
a_b_total{y="1"} 2
a_b_total{z="1"} 20
`,
  );
  assertEquals(warnings, [
    'busbar: Cannot show all of what is said of the metric "a_b_total": it has another description, ' +
    "but a_b is shown already, as a counter",
  ]);
});

Deno.test("order of labels and empty labels make no other series", async () => {
  const { prometheus } = await scrapeBoth([
    sum({ name: "a.b" }, [point(1, { x: "1", y: "2", z: "" }), point(5, { z: "" })]),
    sum({ name: "a_b" }, [point(2, { y: "2", x: "1" }), point(6)]),
  ]);
  assertEquals(samples(prometheus), { 'a_b_total{x="1",y="2",z=""}': 3, 'a_b_total{z=""}': 11 });
});

Deno.test("histograms of the same bounds are added up, of others the last is shown, and that is reported", async () => {
  const first = histogram({ name: "h" }, [point(buckets([1, 2], [1, 2, 3], 10))]);
  const same = await scrapeBoth([
    first,
    histogram({ name: "h" }, [point(buckets([1, 2], [10, 20, 30], 100))]),
  ]);
  assertEquals(samples(same.prometheus), {
    'h_bucket{le="1"}': 11,
    'h_bucket{le="2"}': 33,
    'h_bucket{le="+Inf"}': 66,
    "h_sum": 110,
    "h_count": 66,
  });
  assertEquals(same.warnings, []);
  const other = await scrapeBoth([
    first,
    histogram({ name: "h" }, [point(buckets([5], [7, 0], 9))]),
  ]);
  assertEquals(samples(other.prometheus), {
    'h_bucket{le="5"}': 7,
    'h_bucket{le="+Inf"}': 7,
    "h_sum": 9,
    "h_count": 7,
  });
  assertEquals(other.warnings, [
    'busbar: Cannot show all of the metric "h": several of its series become h, and only the last is shown',
  ]);
});

Deno.test("of gauges with the same series the last is shown, and that is reported", async () => {
  const { prometheus, warnings } = await scrapeBoth([
    gauge({ name: "g.a" }, [point(1, { x: 1 }), point(2, { x: "1" })]),
    sum({ name: "g_a" }, [point(40, { x: "1" })], false),
  ]);
  assertEquals(samples(prometheus), { 'g_a{x="1"}': 40 });
  assertEquals(warnings, [
    'busbar: Cannot show all of the metric "g.a": several of its series become g_a{x="1"}, and only the ' +
    "last is shown",
    'busbar: Cannot show all of the metric "g_a": several of its series become g_a{x="1"}, and only the ' +
    "last is shown",
  ]);
});

Deno.test("a name of another type is reported, and the first is shown", async () => {
  const { prometheus, openmetrics, warnings } = await scrapeBoth([
    sum({ name: "a.b", unit: "s" }, [point(1)]),
    gauge({ name: "a_b_seconds" }, [point(2)]),
    histogram({ name: "h" }, [point(buckets([], [3], 4))]),
    gauge({ name: "h.count" }, [point(5)]),
    gauge({ name: "target.info" }, [point(6)]),
  ]);
  const expected = {
    "a_b_seconds_total": 1,
    'h_bucket{le="+Inf"}': 3,
    "h_sum": 4,
    "h_count": 3,
  };
  assertEquals(samples(prometheus), expected);
  assertEquals(samples(openmetrics), expected);
  assertEquals(warnings, [
    'busbar: Cannot show the metric "a_b_seconds": its name a_b_seconds must have one type, but ' +
    'it is a gauge, and a counter in seconds by the metric "a.b"',
    'busbar: Cannot show the metric "h.count": its name h_count must have one type, but it is a ' +
    'gauge, and a histogram by the metric "h"',
    'busbar: Cannot show the metric "target.info": its name target_info must have one type, but ' +
    "it is a gauge, and an info by the resource",
  ]);
});

// opentelemetry-specification, compatibility/prometheus_and_openmetrics.md, "OTLP Metric points to
// Prometheus", "Metric Metadata": "Exporters MUST drop entire metrics to prevent conflicting TYPE
// comments, but SHOULD NOT drop metric points as a result of conflicting UNIT or HELP comments.
// Instead, all but one of the conflicting UNIT and HELP comments (but not metric points) SHOULD be
// dropped. If dropping a comment or metric points, the exporter SHOULD warn the user".
Deno.test("a name of another unit or description is shown with the first, and that is reported", async () => {
  const { openmetrics, warnings } = await scrapeBoth([
    sum({ name: "a.b", unit: "s", description: "First" }, [point(1)]),
    sum({ name: "a_b_seconds_total", description: "Second" }, [point(7), point(2, { x: 1 })]),
  ]);
  assertEquals(
    openmetrics,
    `# TYPE a_b_seconds counter
# UNIT a_b_seconds seconds
# HELP a_b_seconds First
a_b_seconds_total 8
a_b_seconds_total{x="1"} 2
# EOF
`,
  );
  assertEquals(warnings, [
    'busbar: Cannot show all of what is said of the metric "a_b_seconds_total": it has no unit and ' +
    "another description, but a_b_seconds is shown already, as a counter in seconds",
  ]);
});

Deno.test("what cannot be shown is reported once, not at each scrape", async () => {
  const logger = new MemoryLogger();
  const delta = sum({ name: "delta" }, [point(1)]);
  await using metrics = new PrometheusMetrics({
    logger,
    metricProducers: [
      producerOf([
        { ...delta, aggregationTemporality: AggregationTemporality.DELTA },
        gauge({ name: "..." }, [point(1)]),
      ]),
    ],
  });
  for (let i = 0; i < 3; i++) assertEquals(Object.keys(samples(await metrics.scrape())).length, 1);
  assertEquals(logger.lines, [
    'busbar: Cannot show the metric "delta": its temporality must be cumulative, received delta',
    'busbar: Cannot show the metric "...": its name must have a letter or digit',
  ]);
});

Deno.test("values that differ in half a character are one series, since text cannot distinguish them", async () => {
  const { prometheus } = await scrapeBoth([
    sum({ name: "reads" }, [point(1, { key: "\ud800" }), point(2, { key: "\ud801" })]),
  ]);
  assertEquals(prometheus.split("\n").slice(1, -1), ['reads_total{key="\ufffd"} 3']);
});
