import { assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import type { CollectedMetric } from "@busbar/busbar/subscribers";

type Attributes = Record<string, string>;

/** So that a scrape meets the same objects again, and others that look the same. */
const OBJECTS: readonly Attributes[] = [
  {},
  { "a": "x" },
  { "a": "x" },
  { "a": "y" },
  { "a": "x", "b": "y" },
  { "b": "y", "a": "x" },
  { "a.b": "x" },
  { "a_b": "y" },
  { "le": "1" },
];
const LOGGER = { warn() {} };

const points = fc.array(fc.tuple(fc.constantFrom(...OBJECTS), fc.integer({ min: 1, max: 9 })), {
  maxLength: 12,
});
const metric = fc.record({
  name: fc.constantFrom("m", "m.total", "n"),
  kind: fc.constantFrom("counter" as const, "gauge" as const, "histogram" as const),
  points,
}).map(({ name, kind, points }): CollectedMetric => {
  const common = { name, description: "", unit: "", startTimeMs: 1_000 };
  if (kind !== "histogram") {
    return {
      ...common,
      kind,
      points: points.map(([attributes, value]) => ({ attributes, value })),
    };
  }
  return {
    ...common,
    kind,
    points: points.map(([attributes, value]) => ({
      attributes,
      count: value,
      sum: value,
      min: 1,
      max: 1,
      bounds: [1],
      bucketCounts: [value, 0],
      exemplars: [],
    })),
  };
});

function prometheus(collect: () => readonly CollectedMetric[]): PrometheusMetrics {
  return new PrometheusMetrics({
    metricProducers: [createMetricProducer({ collect })],
    serviceInstanceId: "i",
    logger: LOGGER,
  });
}

Deno.test("a scrape shows the same, whatever the ones before it have shown", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.array(metric, { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
    async (collections) => {
      let current: readonly CollectedMetric[] = [];
      await using metrics = prometheus(() => current);
      for (const collection of collections) {
        current = collection;
        await using fresh = prometheus(() => collection);
        assertEquals(await metrics.scrape(), await fresh.scrape());
        assertEquals(await metrics.scrape("openmetrics"), await fresh.scrape("openmetrics"));
      }
    },
  ));
});

Deno.test("labels are written once, as long as their attributes stay where they are", async () => {
  let reads = 0;
  const attributes = Array.from({ length: 3 }, (_, i) => ({
    get a() {
      reads++;
      return `${i}`;
    },
  }));
  let shown = attributes;
  await using metrics = prometheus(() => [{
    name: "m",
    kind: "counter",
    description: "",
    unit: "",
    startTimeMs: 1_000,
    points: shown.map((attributes) => ({ attributes, value: 1 })),
  }]);
  const scrape = async (): Promise<number> => {
    reads = 0;
    await metrics.scrape();
    return reads;
  };
  const each = await scrape() / 3;
  assertEquals([each > 0, await scrape(), await scrape()], [true, 0, 0]);
  shown = attributes.slice(1);
  // What stood behind the one that is gone has another place now.
  assertEquals([await scrape(), await scrape()], [2 * each, 0]);
  shown = attributes.slice(1, 2);
  assertEquals([await scrape(), await scrape()], [0, 0]);
  shown = attributes.slice(1);
  assertEquals([await scrape(), await scrape()], [each, 0]);
});
