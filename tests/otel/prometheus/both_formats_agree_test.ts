import { assertEquals } from "@std/assert";
import fc, { runs } from "../../support/properties.ts";
import type { DataPoint, Histogram, MetricData } from "@opentelemetry/sdk-metrics";
import type { Attributes } from "@busbar/busbar/subscribers";
import {
  buckets,
  exponential,
  gauge,
  histogram,
  point,
  scrapeBoth,
  sum,
} from "../../support/metric_data.ts";
import { type ParsedFamily, parseOpenMetrics, parsePrometheus } from "../../support/exposition.ts";

const text = fc.string({
  unit: fc.constantFrom("a", "b", "_", ".", "\\", '"', "\n", " ", "é", "🚌"),
});
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.oneof(fc.constantFrom("a.b", "a_b", "le", "__name__", "0", "", "é"), text),
  fc.oneof(text, fc.double(), fc.boolean(), fc.constant(["x", 'y"'])),
  { maxKeys: 3 },
);
const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e21, 5e-324, 2 ** 53),
);
const described = fc.record({
  name: fc.constantFrom(
    "a.b",
    "a_b",
    "a.b_total",
    "c",
    "c_count",
    "c_sum",
    "target",
    "9.x",
    "bytes",
  ),
  unit: fc.constantFrom("", "s", "By", "1", "{things}", "GB/s", "°"),
  description: text,
});
const boundaries = fc.uniqueArray(
  fc.oneof(fc.constantFrom(0, 1, 2.5, 1e6, 1e-5, 1e21, 0.0001), fc.double({ noNaN: true })),
  { maxLength: 5, comparator: "SameValueZero" },
).map((bounds) => bounds.filter((bound) => bound !== -Infinity).sort((a, b) => a - b));
const explicit: fc.Arbitrary<Histogram> = boundaries.chain((bounds) =>
  fc.tuple(
    fc.array(fc.nat(100), { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
    fc.option(value, { nil: undefined }),
  ).map(([counts, total]) => buckets(bounds, counts, total))
);
const range = fc.record({
  offset: fc.integer({ min: -50, max: 50 }),
  bucketCounts: fc.array(fc.nat(9), { maxLength: 12 }),
});
const exponentialValue = fc.record({
  scale: fc.integer({ min: -10, max: 20 }),
  zeroCount: fc.nat(9),
  positive: range,
  negative: range,
  sum: value,
}).map((data) => ({
  ...data,
  count: [data.zeroCount, ...data.positive.bucketCounts, ...data.negative.bucketCounts]
    .reduce((a, b) => a + b),
}));

const points = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<DataPoint<Value>[]> =>
  fc.array(fc.tuple(values, attributes).map(([of, by]) => point(of, by)), { maxLength: 4 });
const metric: fc.Arbitrary<MetricData> = described.chain((named) =>
  fc.oneof(
    fc.tuple(points(value), fc.boolean()).map(([of, monotonic]) => sum(named, of, monotonic)),
    points(value).map((of) => gauge(named, of)),
    points(explicit).map((of) => histogram(named, of)),
    points(exponentialValue).map((of) => exponential(named, of)),
  )
);

/** The families by the names that Prometheus text has for them. */
function comparable(families: Map<string, ParsedFamily>): unknown {
  return [...families].map(([name, { type, help, samples }]) => [
    type === "counter" ? `${name.replace(/_total$/, "")}_total` : name,
    type,
    help,
    [...samples].map(([series, of]) => [series, Object.is(of, -0) ? 0 : of]),
  ]);
}

/**
 * Leaves out the sums and counts of Prometheus text that OpenMetrics does not have, which asks for
 * that where values may be negative; which these are is tested elsewhere.
 */
function withoutSums(
  families: Map<string, ParsedFamily>,
  openMetrics: Map<string, ParsedFamily>,
): Map<string, ParsedFamily> {
  for (const [name, { type, samples }] of families) {
    if (type !== "histogram") continue;
    const shown = openMetrics.get(name)?.samples;
    for (const count of [...samples.keys()].filter((one) => one.startsWith(`${name}_count[`))) {
      const sumOfIt = count.replace(`${name}_count[`, `${name}_sum[`);
      if (shown?.has(sumOfIt)) continue;
      samples.delete(sumOfIt);
      samples.delete(count);
    }
  }
  return families;
}

Deno.test("both formats are valid and hold the same numbers, whatever was collected", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(metric, { maxLength: 6 }), async (metrics) => {
      const { prometheus, openmetrics } = await scrapeBoth(metrics);
      const parsed = parseOpenMetrics(openmetrics);
      assertEquals(
        comparable(parsed),
        comparable(withoutSums(parsePrometheus(prometheus), parsed)),
      );
    }),
    runs(300),
  );
});
