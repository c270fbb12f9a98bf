import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PrometheusMetrics, type ScrapeFormat } from "@busbar/busbar/otel";
import { nextTurn } from "../../support/quiet_bus.ts";
import { gauge, point, producerOf } from "../../support/metric_data.ts";
import { samples } from "../../support/samples.ts";
import { steeredTime } from "../../support/steered_time.ts";
import { hurryTimers } from "../../support/watched_timers.ts";

Deno.test("scrapes at the same time are one collection, whatever their formats", async () => {
  await using metrics = new PrometheusMetrics();
  let collections = 0;
  metrics.meter.createObservableGauge("collections").addCallback((result) => {
    result.observe(++collections);
  });
  const texts = await Promise.all([
    metrics.scrape(),
    metrics.scrape("openmetrics"),
    metrics.scrape(),
    metrics.scrape("openmetrics"),
  ]);
  assertEquals(collections, 1);
  assertEquals(texts.map((text) => samples(text)["collections"]), [1, 1, 1, 1]);
  assertEquals([texts[0] === texts[2], texts[1] === texts[3], texts[0] === texts[1]], [
    true,
    true,
    false,
  ]);
  assertEquals(samples(await metrics.scrape())["collections"], 2);
  assertEquals(collections, 2);
});

Deno.test("a failure reaches all that shared it, and nobody after", async () => {
  let isBroken = true;
  const healed = producerOf([gauge({ name: "healed" }, [point(1)])]);
  await using metrics = new PrometheusMetrics({
    metricProducers: [{
      collect: () => isBroken ? Promise.reject(new Error("no")) : healed.collect(),
    }],
  });
  await Promise.all([
    assertRejects(() => metrics.scrape(), Error, "no"),
    assertRejects(() => metrics.scrape("openmetrics"), Error, "no"),
  ]);
  isBroken = false;
  assertEquals(samples(await metrics.scrape())["healed"], 1);
});

Deno.test("a collection that hangs fails in time, and the next scrape collects anew", async () => {
  let hangs = true;
  const healed = producerOf([gauge({ name: "healed" }, [point(1)])]);
  await using metrics = new PrometheusMetrics({
    collectTimeoutMs: 20_000,
    metricProducers: [{ collect: () => hangs ? new Promise(() => {}) : healed.collect() }],
  });
  const fails = (format?: ScrapeFormat) =>
    assertRejects(() => metrics.scrape(format), AggregateError, "Cannot collect metrics");
  const scrapes = async () => {
    using _hurried = hurryTimers(20_000);
    return await Promise.all([fails(), fails("openmetrics")]);
  };
  const errors = await scrapes();
  assertEquals(errors.map(({ errors: [reason] }) => reason.message), [
    "it took longer than 20000 ms",
    "it took longer than 20000 ms",
  ]);
  hangs = false;
  assertEquals(samples(await metrics.scrape())["healed"], 1);
  for (const collectTimeoutMs of [0, -1, NaN]) {
    assertThrows(
      () => new PrometheusMetrics({ collectTimeoutMs }),
      RangeError,
      `collectTimeoutMs must be a number above 0, received ${collectTimeoutMs}`,
    );
  }
});

Deno.test("other work gets its turns while a large scrape is written, and does not change it", async () => {
  await using metrics = new PrometheusMetrics();
  for (let i = 0; i < 50; i++) {
    const counter = metrics.meter.createCounter(`c${i}`);
    for (let set = 0; set < 1_000; set++) counter.add(1, { set });
  }
  const last = metrics.meter.createCounter("c_last");
  const times = metrics.meter.createHistogram("c_last_time");
  last.add(1);
  times.record(1);
  let turns = 0;
  let isDone = false;
  const counting = (async () => {
    while (!isDone) {
      await nextTurn();
      turns++;
      // What happens after the collection is for the next scrape.
      if (turns > 1) last.add(1);
      if (turns > 1) times.record(1);
    }
  })();
  const text = await metrics.scrape();
  isDone = true;
  await counting;
  const { c_last_total, c_last_time_count, c_last_time_sum, ...others } = samples(text);
  assertEquals([c_last_total, c_last_time_count, c_last_time_sum], [1, 1, 1]);
  // The resource, and the buckets of the histogram.
  assertEquals(Object.keys(others).length, 50_000 + 1 + 16);
  // One for each phase is there without slices too.
  assertEquals(turns > 5, true, `${turns} turns`);
});

Deno.test("one large histogram is written in many slices too", async () => {
  await using metrics = new PrometheusMetrics();
  const advice = { explicitBucketBoundaries: Array.from({ length: 200 }, (_, i) => i) };
  const times = metrics.meter.createHistogram("time", { advice });
  for (let set = 0; set < 256; set++) times.record(1, { set });
  // So late at each look that every step ends a slice.
  using time = steeredTime({ msPerLook: 1_000 });
  await metrics.scrape();
  const { looks } = time;
  // To group so few series takes a handful; the rest are those of 52,000 lines.
  assertEquals(looks > 40, true, `${looks} looks at the clock`);
});
