import { assertEquals } from "@std/assert";
import type { Exemplar } from "@busbar/busbar/otel";
import { buckets, exponential, histogram, point, scrapeBoth } from "../../support/metric_data.ts";
import { parseOpenMetrics } from "../../support/exposition.ts";

const exemplar = (value: number, digit: string, timestampMs = 1_700_000_000_123): Exemplar => ({
  value,
  timestampMs,
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
});

Deno.test("each bucket has the newest exemplar whose value it holds, in OpenMetrics alone", async () => {
  const { prometheus, openmetrics } = await scrapeBoth([
    histogram({ name: "h" }, [
      point(buckets([1, 2, 5], [1, 3, 0, 1], 20), { r: "x" }, [
        exemplar(9, "a"),
        exemplar(1.5, "c", 2_000),
        exemplar(2, "b", 3_000.5),
        exemplar(1.7, "d", 1_000),
      ]),
    ]),
  ]);
  assertEquals(prometheus.includes("trace_id"), false);
  assertEquals(
    openmetrics,
    `# TYPE h histogram
h_bucket{r="x",le="1.0"} 1
h_bucket{r="x",le="2.0"} 4 # {trace_id="${"b".repeat(32)}",span_id="${"b".repeat(16)}"} 2 3.001
h_bucket{r="x",le="5.0"} 4
h_bucket{r="x",le="+Inf"} 5 # {trace_id="${"a".repeat(32)}",span_id="${"a".repeat(16)}"} 9 ` +
      `1700000000.123
h_sum{r="x"} 20
h_count{r="x"} 5
# EOF
`,
  );
});

Deno.test("an exponential histogram's exemplars find their buckets too", async () => {
  const { openmetrics } = await scrapeBoth([
    exponential({ name: "e" }, [
      point(
        {
          count: 1,
          sum: 3,
          scale: 0,
          zeroCount: 0,
          positive: { offset: 1, bucketCounts: [1] },
          negative: { offset: 0, bucketCounts: [0] },
        },
        {},
        [exemplar(3, "e")],
      ),
    ]),
  ]);
  const { exemplars } = parseOpenMetrics(openmetrics).get("e") ?? { exemplars: new Map() };
  assertEquals([...exemplars.keys()], ['e_bucket[["le","4"]]']);
});

Deno.test("what OpenMetrics cannot carry is left out", async () => {
  const good = exemplar(1, "a");
  const { openmetrics } = await scrapeBoth([
    histogram({ name: "h" }, [
      point(buckets([1], [1, 0], 1), {}, [
        { ...good, value: NaN },
        { ...good, timestampMs: Infinity },
        { ...good, traceId: "a".repeat(200) },
        { ...good, spanId: '"} 1\nforged 1' },
      ]),
    ]),
  ]);
  assertEquals(openmetrics.includes("trace_id"), false);
  assertEquals(openmetrics.includes("forged"), false);
});
