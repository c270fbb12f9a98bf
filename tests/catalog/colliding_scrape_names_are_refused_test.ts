import { assertEquals, assertThrows } from "@std/assert";
import {
  type AnyEvents,
  combineCatalogs,
  declare,
  type MetricDeclaration,
} from "@busbar/busbar/catalog";

const { catalog, counter, duration, gauge, histogram, upDownCounter } = declare();

type Metric = MetricDeclaration<AnyEvents>;
const value = () => 1;
const plain = counter("a");
const level = gauge("a", { value });
const spread = histogram("a", { value });

const COLLIDING: readonly [
  why: string,
  one: [name: string, metric: Metric],
  other: [name: string, metric: Metric],
  series: string,
][] = [
  ["other characters", ["a.b", plain], ["a_b", plain], "a_b"],
  ["other characters, side by side", ["a.b", plain], ["a_-.b", plain], "a_b"],
  ["a counter's _total", ["a.b", plain], ["a_b_total", plain], "a_b"],
  ["a counter's _total against a gauge", ["x", plain], ["x_total", level], "x_total"],
  ["a counter against a gauge of its name", ["a.b", plain], ["a_b", level], "a_b"],
  ["a unit's ending", ["took", duration("a", "b")], ["took_seconds", level], "took_seconds"],
  [
    "units that are written alike",
    ["a.size", gauge("a", { value, unit: "kBy" })],
    ["a_size", gauge("a", { value, unit: "KBy" })],
    "a_size_kilobytes",
  ],
  [
    "a unit that is no unit, for what is in braces is counted",
    ["a.size", gauge("a", { value, unit: "{chunk}" })],
    ["a_size", level],
    "a_size",
  ],
  [
    "a unit's ending before _total",
    ["busy", counter("a", { unit: "s" })],
    ["busy_seconds_total", plain],
    "busy_seconds",
  ],
  ["when a counter was created", ["a.b", plain], ["a.b.created", level], "a_b_created"],
  ["when a histogram was created", ["h", spread], ["h.created", level], "h_created"],
  ["a histogram's buckets", ["h", spread], ["h.bucket", level], "h_bucket"],
  ["a histogram's sum", ["h", spread], ["h_sum", upDownCounter("a")], "h_sum"],
  ["a histogram's count", ["h", spread], ["h.count", level], "h_count"],
];

for (const [why, [one, oneMetric], [other, otherMetric], series] of COLLIDING) {
  const message = `Cannot declare the metrics "${one}" and "${other}": their names in a scrape ` +
    `must be different, received "${series}"`;
  Deno.test(`in one catalog, ${why}: ${one} and ${other}`, () => {
    const metrics = { [one]: oneMetric, [other]: otherMetric };
    assertThrows(() => catalog({ metrics }), TypeError, message);
  });
  Deno.test(`in two catalogs, ${why}: ${one} and ${other}`, () => {
    const catalogs = [[one, oneMetric], [other, otherMetric]] as const;
    assertThrows(
      () =>
        combineCatalogs(catalogs.map(([name, metric]) => catalog({ metrics: { [name]: metric } }))),
      TypeError,
      message,
    );
  });
}

for (const name of ["target", "target.info"]) {
  Deno.test(`a metric is not called as what a scrape says of its resource: ${name}`, () => {
    assertThrows(
      () => catalog({ metrics: { [name]: level } }),
      TypeError,
      `Cannot declare the metric "${name}": its name in a scrape must be another than the ` +
        `resource's, received "${name.replace(".", "_")}"`,
    );
  });
}

Deno.test("names that only look alike are declared", () => {
  const { metrics } = catalog({
    metrics: {
      "a.b": plain,
      "a.b.c": plain,
      "a.b.seconds": duration("a", "b"),
      "a.b.level": level,
      "a.b.total.level": level,
      "bucket": spread,
      "bucket.sums": level,
      "target.information": plain,
    },
  });
  assertEquals(Object.keys(metrics ?? {}).length, 8);
});
