import { assertEquals, assertRejects } from "@std/assert";
import { PrometheusMetrics, type ScrapeFormat } from "@busbar/busbar/otel";
import {
  buckets,
  exponential,
  gauge,
  histogram,
  point,
  scrapeBoth,
  sum,
} from "../../support/metric_data.ts";

Deno.test("a small scrape, to the letter", async () => {
  const { prometheus, openmetrics, warnings } = await scrapeBoth([
    sum({ name: "shop.orders", description: "Orders" }, [
      point(3, { status: "ok", region: "eu" }),
      point(0.5, { status: "no" }),
    ]),
    sum({ name: "shop.open", unit: "carts" }, [point(-2)], false),
    gauge({ name: "shop.free", unit: "By", description: "Free" }, [point(NaN)]),
    histogram({ name: "shop.time", unit: "s", description: "Time" }, [
      point(buckets([0.005, 1, 2_500_000], [1, 2, 0, 4], 12.5), { route: "/" }),
    ]),
  ]);
  assertEquals(
    prometheus,
    `# HELP shop_free_bytes Free
# TYPE shop_free_bytes gauge
shop_free_bytes NaN
# TYPE shop_open_carts gauge
shop_open_carts -2
# HELP shop_orders_total Orders
# TYPE shop_orders_total counter
shop_orders_total{status="ok",region="eu"} 3
shop_orders_total{status="no"} 0.5
# HELP shop_time_seconds Time
# TYPE shop_time_seconds histogram
shop_time_seconds_bucket{route="/",le="0.005"} 1
shop_time_seconds_bucket{route="/",le="1"} 3
shop_time_seconds_bucket{route="/",le="2500000"} 3
shop_time_seconds_bucket{route="/",le="+Inf"} 7
shop_time_seconds_sum{route="/"} 12.5
shop_time_seconds_count{route="/"} 7
`,
  );
  assertEquals(
    openmetrics,
    `# TYPE shop_free_bytes gauge
# UNIT shop_free_bytes bytes
# HELP shop_free_bytes Free
shop_free_bytes NaN
# TYPE shop_open_carts gauge
# UNIT shop_open_carts carts
shop_open_carts -2
# TYPE shop_orders counter
# HELP shop_orders Orders
shop_orders_total{status="ok",region="eu"} 3
shop_orders_total{status="no"} 0.5
# TYPE shop_time_seconds histogram
# UNIT shop_time_seconds seconds
# HELP shop_time_seconds Time
shop_time_seconds_bucket{route="/",le="0.005"} 1
shop_time_seconds_bucket{route="/",le="1.0"} 3
shop_time_seconds_bucket{route="/",le="2.5e+06"} 3
shop_time_seconds_bucket{route="/",le="+Inf"} 7
shop_time_seconds_sum{route="/"} 12.5
shop_time_seconds_count{route="/"} 7
# EOF
`,
  );
  assertEquals(warnings, []);
});

Deno.test("what is known of the resource comes first: a gauge, or an info", async () => {
  await using metrics = new PrometheusMetrics({ serviceName: 'a"b', serviceInstanceId: "i1" });
  assertEquals(
    await metrics.scrape(),
    `# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="a\\"b",service_instance_id="i1"} 1
`,
  );
  assertEquals(
    await metrics.scrape("openmetrics"),
    `# TYPE target info
# HELP target Target metadata
target_info{service_name="a\\"b",service_instance_id="i1"} 1
# EOF
`,
  );
});

Deno.test("help texts and label values are escaped, each format in its way", async () => {
  const { prometheus, openmetrics } = await scrapeBoth([
    gauge({ name: "g", description: 'a\\b "c"\nd' }, [point(1, { l: 'a\\b "c"\nd' })]),
  ]);
  assertEquals(prometheus.split("\n")[0], '# HELP g a\\\\b "c"\\nd');
  assertEquals(openmetrics.split("\n")[1], '# HELP g a\\\\b \\"c\\"\\nd');
  for (const text of [prometheus, openmetrics]) {
    assertEquals(text.includes('\ng{l="a\\\\b \\"c\\"\\nd"} 1\n'), true, text);
  }
});

Deno.test("attributes become labels that Prometheus takes", async () => {
  const table: [attributes: Record<string, string | number | string[]>, labels: string][] = [
    [{ "http.status-code": 200 }, 'http_status_code="200"'],
    [{ "1st": "x" }, '_1st="x"'],
    [{ "__name__": "x" }, '_name_="x"'],
    [{ "naïve": "x" }, 'na_ve="x"'],
    [{ list: ["a", "b"] }, 'list="[\\"a\\",\\"b\\"]"'],
    [{ empty: "" }, 'empty=""'],
    // Two attributes of one name are joined, always in the same order.
    [{ "a.b": "1", "a_b": "2" }, 'a_b="1;2"'],
    [{ "a_b": "2", "a.b": "1" }, 'a_b="1;2"'],
    [{ "a.b": "1", c: "3", "a-b": "2" }, 'a_b="2;1",c="3"'],
  ];
  for (const [attributes, labels] of table) {
    const { prometheus } = await scrapeBoth([gauge({ name: "g" }, [point(1, attributes)])]);
    assertEquals(prometheus, `# TYPE g gauge\ng{${labels}} 1\n`);
  }
  const { prometheus } = await scrapeBoth([
    histogram({ name: "h" }, [point(buckets([], [1], 2), { le: "mine" })]),
  ]);
  assertEquals(prometheus.split("\n")[1], 'h_bucket{exported_le="mine",le="+Inf"} 1');
});

Deno.test("an exponential histogram is written on one scale, whatever its own", async () => {
  const value = {
    count: 11,
    sum: 20,
    zeroCount: 2,
    positive: { offset: 0, bucketCounts: [1, 2, 3] },
    negative: { offset: 0, bucketCounts: [1, 2] },
  };
  const written = async (scale: number) => {
    const { prometheus } = await scrapeBoth([
      exponential({ name: "e" }, [point({ ...value, scale })]),
    ]);
    return prometheus.split("\n").slice(1, -1).map((line) => line.replace(/_bucket{le=|}/g, ""));
  };
  const ends = ['e"+Inf" 11', "e_sum 20", "e_count 11"];
  assertEquals(await written(0), [
    ...['e"-2" 2', 'e"-1" 3', 'e"0" 5', 'e"2" 6', 'e"4" 8', 'e"8" 11'],
    ...ends,
  ]);
  // Twice as fine as √2: buckets are put together in twos.
  assertEquals(await written(2), [
    ...['e"-1" 3', 'e"0" 5', `e"${Math.SQRT2}" 8`, 'e"2" 11'],
    ...ends,
  ]);
});

Deno.test("a histogram without a sum has no count in OpenMetrics, whose rule that is", async () => {
  const { prometheus, openmetrics } = await scrapeBoth([
    histogram({ name: "h" }, [point(buckets([-1], [1, 2]))]),
  ]);
  assertEquals(prometheus.includes("h_count 3\n"), true);
  assertEquals([prometheus, openmetrics].map((text) => text.includes("_sum")), [false, false]);
  assertEquals(openmetrics.includes("_count"), false);
});

Deno.test("a format that does not exist is refused", async () => {
  await using metrics = new PrometheusMetrics();
  const error = await assertRejects(() => metrics.scrape("json" as ScrapeFormat), TypeError);
  assertEquals(
    error.message,
    'Cannot scrape PrometheusMetrics: format must be "prometheus" or "openmetrics", received "json"',
  );
});

Deno.test("a last bound of infinity, which some producers list, makes no second bucket of it", async () => {
  const { prometheus, openmetrics } = await scrapeBoth([
    histogram({ name: "h" }, [point(buckets([1, Infinity], [2, 3, 0], 9))]),
  ]);
  for (const text of [prometheus, openmetrics]) {
    const found = text.split("\n").filter((line) => line.startsWith("h_bucket"));
    assertEquals(found.map((line) => line.replace("1.0", "1")), [
      'h_bucket{le="1"} 2',
      'h_bucket{le="+Inf"} 5',
    ]);
  }
});
