import { assertEquals } from "@std/assert";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { familyName } from "../../src/catalog/scrape_name.ts";

// The rules are those of opentelemetry-specification,
// specification/compatibility/prometheus_and_openmetrics.md; each test names its section.

Deno.test('units are words: the table of "Metric Metadata"', () => {
  const table: Readonly<Record<string, string>> = {
    d: "days",
    h: "hours",
    min: "minutes",
    s: "seconds",
    ms: "milliseconds",
    us: "microseconds",
    ns: "nanoseconds",
    By: "bytes",
    KiBy: "kibibytes",
    MiBy: "mebibytes",
    GiBy: "gibibytes",
    TiBy: "tebibytes",
    kBy: "kilobytes",
    MBy: "megabytes",
    GBy: "gigabytes",
    TBy: "terabytes",
    m: "meters",
    V: "volts",
    A: "amperes",
    J: "joules",
    W: "watts",
    g: "grams",
    Cel: "celsius",
    Hz: "hertz",
    "%": "percent",
  };
  for (const [unit, word] of Object.entries(table)) {
    assertEquals(familyName("x", unit, false), `x_${word}`, unit);
    assertEquals(familyName("x", `${unit}/s`, false), `x_${word}_per_second`, `${unit}/s`);
  }
});

/** "OTLP Metric points to Prometheus", "Metric Metadata" and "Sums". */
const NAMES: readonly [
  rule: string,
  kind: "counter" | "gauge" | "histogram",
  name: string,
  unit: string,
  series: string,
  unitLine: string | undefined,
][] = [
  [
    '"Portions of the Unit within brackets (e.g. {packet}) MUST be dropped."',
    "counter",
    "packets",
    "{packet}",
    "packets_total",
    undefined,
  ],
  ["the same, of a rate", "counter", "rate", "{packet}/s", "rate_per_second_total", "per_second"],
  ["the same, behind a unit", "gauge", "size", "By{payload}", "size_bytes", "bytes"],
  ["the same, behind a slash", "gauge", "took", "s/{call}", "took_seconds", "seconds"],
  [
    '"Units defined as rates over time (e.g. "m/s") MUST be converted to words"',
    "gauge",
    "speed",
    "m/s",
    "speed_meters_per_second",
    "meters_per_second",
  ],
  [
    '"A suffix SHOULD be added unless the metric name already ends with the unit"',
    "gauge",
    "http.latency-seconds",
    "s",
    "http_latency_seconds",
    "seconds",
  ],
  [
    "the same, of a rate",
    "gauge",
    "foo.bytes.per.second",
    "By/s",
    "foo_bytes_per_second",
    "bytes_per_second",
  ],
  [
    '"(before type-specific suffixes)", of which a gauge has none',
    "gauge",
    "gauge.total",
    "s",
    "gauge_total_seconds",
    "seconds",
  ],
  ["nor has a histogram", "histogram", "h.total", "By", "h_total_bytes", "bytes"],
  [
    '"The unit suffix comes before any type-specific suffixes."',
    "counter",
    "busy_total",
    "s",
    "busy_seconds_total",
    "seconds",
  ],
  [
    '"Multiple consecutive `_` characters SHOULD be replaced with a single `_`"',
    "counter",
    "trail_",
    "",
    "trail_total",
    undefined,
  ],
  ["the same, before a unit", "gauge", "trail_", "s", "trail_seconds", "seconds"],
  ["the same, before both", "counter", "trail__total_", "s", "trail_seconds_total", "seconds"],
  [
    "what is no word of the table stays, as LMCache's own scrape writes it",
    "histogram",
    "speed",
    "GB/s",
    "speed_GB_per_second",
    "GB_per_second",
  ],
];

for (const [rule, kind, name, unit, series, unitLine] of NAMES) {
  Deno.test(`${rule}: a ${kind} ${name} in ${unit || "no unit"}`, async () => {
    await using metrics = new PrometheusMetrics();
    const { meter } = metrics;
    if (kind === "counter") meter.createCounter(name, { unit }).add(1);
    if (kind === "gauge") meter.createGauge(name, { unit }).record(1);
    if (kind === "histogram") meter.createHistogram(name, { unit }).record(1);
    const lines = (await metrics.scrape("openmetrics")).split("\n");
    const family = series.replace(/_total$/, kind === "counter" ? "" : "_total");
    assertEquals(
      lines.filter((line) => /^# (TYPE|UNIT) (?!target)/.test(line)),
      [
        `# TYPE ${family} ${kind}`,
        ...(unitLine === undefined ? [] : [`# UNIT ${family} ${unitLine}`]),
      ],
    );
    const shown = kind === "histogram" ? `${series}_count 1` : `${series} 1`;
    assertEquals(lines.filter((line) => line === shown), [shown]);
  });
}
