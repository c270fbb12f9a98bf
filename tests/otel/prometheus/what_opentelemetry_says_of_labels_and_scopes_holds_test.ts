import { assertEquals, assertThrows } from "@std/assert";
import type { MetricData } from "@opentelemetry/sdk-metrics";
import type { Attributes } from "@busbar/busbar/subscribers";
import { PrometheusMetrics, type PrometheusMetricsOptions } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { gauge, point, producerOf, sum } from "../../support/metric_data.ts";

// The rules are those of opentelemetry-specification,
// specification/compatibility/prometheus_and_openmetrics.md, "OTLP Metric points to Prometheus".

/** The series of a scrape without the resource. */
async function seriesOf(metrics: PrometheusMetrics): Promise<string[]> {
  return (await metrics.scrape()).split("\n")
    .filter((line) => line !== "" && !/^(#|target_info)/.test(line));
}

/** The series of a gauge `g` with these attributes. */
async function labelsOf(attributes: Record<string, unknown>): Promise<string | undefined> {
  await using metrics = new PrometheusMetrics({
    metricProducers: [producerOf([gauge({ name: "g" }, [point(1, attributes as Attributes)])])],
  });
  return (await seriesOf(metrics))[0];
}

// "Metric Attributes": "non-string Attribute values MUST be converted to string attributes following
// the attribute specification", which is specification/common/README.md, "AnyValue representation
// for non-OTLP protocols".
const VALUES: readonly [rule: string, value: unknown, label: string][] = [
  ["Strings", "hello world", "hello world"],
  ["Booleans", true, "true"],
  ["Integers", -123, "-123"],
  ["Integers", 2 ** 53, "9007199254740992"],
  ["Floating Point Numbers", 3.14159, "3.14159"],
  ["Floating Point Numbers", NaN, "NaN"],
  ["Floating Point Numbers", Infinity, "Infinity"],
  ["Floating Point Numbers", -Infinity, "-Infinity"],
  ["Byte Arrays", new TextEncoder().encode("hello world"), "aGVsbG8gd29ybGQ="],
  ["Arrays", [], "[]"],
  ["Arrays", [1, NaN], `[1,\\"NaN\\"]`],
  ["Arrays", ["a", "b"], `[\\"a\\",\\"b\\"]`],
  [
    "Arrays",
    [1, -Infinity, "a", true, { nested: new TextEncoder().encode("hello world") }],
    `[1,\\"-Infinity\\",\\"a\\",true,{\\"nested\\":\\"aGVsbG8gd29ybGQ=\\"}]`,
  ],
  [
    "Maps",
    { a: -Infinity, b: 2, c: [3, null] },
    `{\\"a\\":\\"-Infinity\\",\\"b\\":2,\\"c\\":[3,null]}`,
  ],
];
for (const [rule, value, label] of VALUES) {
  Deno.test(`a label's value follows "${rule}": ${label}`, async () => {
    assertEquals(await labelsOf({ v: value }), `g{v="${label}"} 1`);
  });
}

Deno.test("a value that cannot be read is told by its type, and fails nothing", async () => {
  const circular: unknown[] = [];
  circular.push(circular);
  assertEquals(await labelsOf({ v: circular }), 'g{v=""} 1');
  const hostile = {
    toJSON() {
      throw new Error("no");
    },
    toString() {
      throw new Error("no");
    },
  };
  assertEquals(await labelsOf({ v: hostile }), 'g{v="object"} 1');
  assertEquals(await labelsOf({ v: 2n ** 70n }), 'g{v="1180591620717411303424"} 1');
});

/** A scope as an SDK may hand it over, with attributes. */
interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
  readonly attributes?: Record<string, unknown>;
}

function scraped(
  scopes: readonly (readonly [scope: Scope, metrics: MetricData[]])[],
  options: PrometheusMetricsOptions = {},
): PrometheusMetrics {
  const scopeMetrics = scopes.map(([scope, metrics]) => ({ scope, metrics }));
  return new PrometheusMetrics({
    ...options,
    metricProducers: [{
      collect: async () => {
        const { resourceMetrics } = await producerOf([]).collect();
        return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors: [] };
      },
    }],
  });
}

Deno.test('"Instrumentation Scope": name, version, schema URL and attributes are labels', async () => {
  await using metrics = scraped([[{
    name: "go.opentelemetry.io/otelhttp",
    version: "v0.24.0",
    schemaUrl: "https://opentelemetry.io/schemas/1.31.0",
    attributes: { library_mascot: "gopher", "a.list": [1, NaN], left: undefined },
  }, [sum({ name: "reads" }, [point(1, { x: "y" })])]]]);
  assertEquals(await seriesOf(metrics), [
    'reads_total{x="y",otel_scope_name="go.opentelemetry.io/otelhttp",' +
    'otel_scope_schema_url="https://opentelemetry.io/schemas/1.31.0",otel_scope_version="v0.24.0",' +
    'otel_scope_library_mascot="gopher",otel_scope_a_list="[1,\\"NaN\\"]"} 1',
  ]);
});

Deno.test('"Scope attributes that […] would conflict with otel_scope_name, otel_scope_version, or otel_scope_schema_url MUST be dropped"', async () => {
  const attributes = { name: "x", version: "x", schema_url: "x", "schema.url": "x", "_name": "x" };
  await using metrics = scraped([
    [{ name: "s", attributes }, [sum({ name: "reads" }, [point(1)])]],
  ]);
  assertEquals(await seriesOf(metrics), ['reads_total{otel_scope_name="s"} 1']);
});

Deno.test('"Metric Attributes": what becomes one label with that of a scope is concatenated', async () => {
  await using metrics = scraped([
    [{ name: "s", attributes: { "a.b": "1" } }, [
      sum({ name: "reads" }, [
        point(1, { "otel_scope_a_b": "2", "otel.scope.name": "mine", "otel-scope-version": "v" }),
      ]),
    ]],
  ]);
  assertEquals(await seriesOf(metrics), [
    'reads_total{otel_scope_a_b="1;2",otel_scope_name="mine;s",otel_scope_version="v"} 1',
  ]);
});

Deno.test("two scopes with one metric are never merged", async () => {
  const reads = (value: number) => [sum({ name: "reads" }, [point(value)])];
  await using metrics = scraped([
    [{ name: "a" }, reads(1)],
    [{ name: "b" }, reads(2)],
    [{ name: "b", version: "2" }, reads(3)],
    [{ name: "b", schemaUrl: "s" }, reads(4)],
    [{ name: "b", attributes: { c: "d" } }, reads(5)],
    [{ name: "busbar" }, reads(6)],
    [{ name: "busbar", version: "2" }, reads(7)],
  ]);
  const expected = [
    'reads_total{otel_scope_name="a"} 1',
    'reads_total{otel_scope_name="b"} 2',
    'reads_total{otel_scope_name="b",otel_scope_version="2"} 3',
    'reads_total{otel_scope_name="b",otel_scope_schema_url="s"} 4',
    'reads_total{otel_scope_name="b",otel_scope_c="d"} 5',
    "reads_total 6",
    'reads_total{otel_scope_name="busbar",otel_scope_version="2"} 7',
  ];
  // Also not when their labels are known from the last scrape.
  for (let i = 0; i < 2; i++) assertEquals(await seriesOf(metrics), expected);
});

Deno.test("a scope without a name is shown, and not added to Busbar's own", async () => {
  const logger = new MemoryLogger();
  await using metrics = scraped([
    [{ name: "busbar" }, [sum({ name: "reads" }, [point(1)])]],
    [{ name: "" }, [sum({ name: "reads" }, [point(2)]), sum({ name: "writes" }, [point(3)])]],
  ], { logger });
  assertEquals(await seriesOf(metrics), ["reads_total 2", "writes_total 3"]);
  assertEquals(logger.lines, [
    'busbar: Cannot show all of the metric "reads": several of its series become reads, and only ' +
    "the last is shown",
  ]);
});

Deno.test("Busbar's own scope is named where all are to be", async () => {
  await using metrics = new PrometheusMetrics({ scopeLabels: "all", scopeName: "shop" });
  metrics.meter.createCounter("reads").add(1);
  assertEquals(await seriesOf(metrics), ['reads_total{otel_scope_name="shop"} 1']);
  await using others = new PrometheusMetrics({ scopeName: "shop" });
  others.meter.createCounter("reads").add(1);
  others.provider.getMeter("pool").createCounter("reads").add(2);
  assertEquals(await seriesOf(others), [
    "reads_total 1",
    'reads_total{otel_scope_name="pool"} 2',
  ]);
  assertThrows(
    () => new PrometheusMetrics({ scopeLabels: "none" as "all" }),
    TypeError,
    'Cannot create PrometheusMetrics: scopeLabels must be "others" or "all", received "none"',
  );
});
