import { assertEquals, assertThrows } from "@std/assert";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { declare, type ReadGaugeOptions } from "@busbar/busbar/catalog";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { quietBus } from "../../support/quiet_bus.ts";
import { samples } from "../../support/samples.ts";

const { counter, gauge } = declare();

/** Collects when it is asked to. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Scrapes gauges, collected or through a meter, beside a counter that is always there. */
function scraped(
  reads: Record<string, ReadGaugeOptions["read"]>,
  throughMeter = false,
  maxAttributeSets = 10,
) {
  const { bus } = quietBus();
  const logger = new MemoryLogger();
  const prometheus: PrometheusMetrics = new PrometheusMetrics({
    logger,
    metricProducers: [
      createMetricProducer({ collect: () => throughMeter ? [] : subscriber.collect() }),
    ],
  });
  const subscriber = new MetricsSubscriber({
    metrics: {
      orders: counter("order"),
      ...Object.fromEntries(
        Object.entries(reads).map(([name, read]) => [name, gauge({ read, maxAttributeSets })]),
      ),
    },
    meter: throughMeter ? prometheus.meter : undefined,
    logger,
  });
  bus.start().registerSubscriber(subscriber);
  return {
    bus,
    subscriber,
    lines: logger.lines,
    shown: async () =>
      Object.fromEntries(
        Object.entries(samples(await prometheus.scrape()))
          .filter(([series]) => !/^(target_info|orders_total)/.test(series)),
      ),
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await prometheus.shutdown();
    },
  };
}

for (const throughMeter of [false, true]) {
  const how = throughMeter ? "through a meter" : "collected";
  Deno.test(`a gauge shows what its callback returns at each scrape, ${how}`, async () => {
    let size = 0;
    const jobs = new Map([["high", 3], ["low", 14]]);
    await using gauges = scraped({
      size: () => ++size,
      jobs: () => [...jobs].map(([priority, value]) => ({ value, attributes: { priority } })),
      nothing: () => undefined,
      none: () => [],
    }, throughMeter);
    assertEquals(await gauges.shown(), {
      'jobs{priority="high"}': 3,
      'jobs{priority="low"}': 14,
      size: 1,
    });
    jobs.set("high", 4);
    assertEquals(await gauges.shown(), {
      'jobs{priority="high"}': 4,
      'jobs{priority="low"}': 14,
      size: 2,
    });
    assertEquals(gauges.lines, []);
  });

  Deno.test(`one that is broken leaves out itself alone, counted and logged, ${how}`, async () => {
    let broken = true;
    const fails = () => {
      throw new Error("no source");
    };
    await using gauges = scraped({
      fine: () => 1,
      throws: () => broken ? fails() : 2,
      returns: () => (broken ? Promise.reject(new Error("too late")) : 3) as number,
      text: () => (broken ? "5" : 6) as number,
      halfway: () => [{ value: 4 }, {
        get value(): number {
          return broken ? fails() : 5;
        },
        attributes: { x: "y" },
      }],
    }, throughMeter);
    for (let i = 0; i < 2; i++) assertEquals(await gauges.shown(), { fine: 1 });
    assertEquals(gauges.subscriber.stats().failedReadsByMetric, {
      throws: 2,
      returns: 2,
      text: 2,
      halfway: 2,
    });
    const own = gauges.lines.filter((line) => line.includes("could not be read"));
    assertEquals(own, [
      "busbar: the gauge throws could not be read and is left out: no source",
      "busbar: the gauge returns could not be read and is left out: read must return a number, " +
      "measurements or undefined, received [object Promise]",
      "busbar: the gauge text could not be read and is left out: read must return a number, " +
      'measurements or undefined, received "5"',
      "busbar: the gauge halfway could not be read and is left out: no source",
    ]);
    broken = false;
    assertEquals(await gauges.shown(), {
      fine: 1,
      throws: 2,
      returns: 3,
      text: 6,
      halfway: 4,
      'halfway{x="y"}': 5,
    });
  });

  Deno.test(`series that are gone, no numbers and too many are as for other gauges, ${how}`, async () => {
    let values: number[] = [1, NaN, 2, 3];
    await using gauges = scraped(
      { g: () => values.map((value, i) => ({ value, attributes: { i } })) },
      throughMeter,
      3,
    );
    assertEquals(await gauges.shown(), {
      'g{i="0"}': 1,
      'g{i="2"}': 2,
      'g{otel_metric_overflow="true"}': 3,
    });
    assertEquals(gauges.subscriber.stats().overflowedByMetric, { g: 1 });
    assertEquals(gauges.subscriber.stats().invalidByMetric, { g: 1 });
    values = [7];
    assertEquals(await gauges.shown(), { 'g{i="0"}': 7 });
  });
}

Deno.test("what a read gauge cannot show is told at once, even if no event ever comes", async () => {
  await using gauges = scraped(
    {
      nan: () => NaN,
      many: () => [1, 2, 3].map((value, i) => ({ value, attributes: { i } })),
    },
    false,
    2,
  );
  for (let i = 0; i < 2; i++) await gauges.shown();
  assertEquals(gauges.lines, [
    "busbar: the metric nan was given a value that is not a finite number; such values are " +
    "ignored and counted",
    "busbar: the metric many has reached its limit of 2 attribute sets; further ones are counted " +
    "in the series otel_metric_overflow",
  ]);
});

Deno.test("through a meter a gauge is read until the shutdown, and again after a restart", async () => {
  let reads = 0;
  await using gauges = scraped({ size: () => ++reads }, true);
  await gauges.shown();
  await gauges.bus.stop();
  await gauges.shown();
  assertEquals(reads, 1);
  gauges.bus.start().registerSubscriber(gauges.subscriber);
  assertEquals(await gauges.shown(), { size: 2 });
});

Deno.test("what is no gauge to be read is refused", () => {
  assertThrows(
    () => gauge({} as never),
    TypeError,
    "Cannot declare a gauge: read must be a function, received undefined",
  );
  assertThrows(
    () => gauge({ read: () => 1, value: () => 1 } as never),
    TypeError,
    'Cannot declare a gauge: there is no option "value"',
  );
  assertThrows(
    () => gauge("order", { value: () => 1, read: () => 1 } as never),
    TypeError,
    'Cannot declare a gauge: there is no option "read"',
  );
});

Deno.test("through PrometheusMetrics' meter, what cannot be read is told once, and is left out by itself", async () => {
  let broken = false;
  await using gauges = scraped({
    whole: () => {
      if (broken) throw new Error("no source");
      return 1;
    },
    part: () => [{ value: 2, attributes: { x: 1 } }, {
      value: broken ? NaN : 3,
      attributes: { x: 2 },
    }],
  }, true);
  assertEquals(await gauges.shown(), { whole: 1, 'part{x="1"}': 2, 'part{x="2"}': 3 });
  broken = true;
  for (let i = 0; i < 2; i++) assertEquals(await gauges.shown(), { 'part{x="1"}': 2 });
  assertEquals(gauges.subscriber.stats().failedReadsByMetric, { whole: 2 });
  assertEquals(gauges.lines.map((line) => line.includes("whole")), [true, false]);
  broken = false;
  assertEquals(await gauges.shown(), { whole: 1, 'part{x="1"}': 2, 'part{x="2"}': 3 });
});

Deno.test("a meter that keeps the last value is shown NaN for what could not be read, until it can be", async () => {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const { bus } = quietBus();
  let read: () => number | { value: number; attributes: { x: number } }[] = () => 1;
  const subscriber = new MetricsSubscriber({
    metrics: { g: gauge({ read: () => read() }) },
    meter: provider.getMeter("own"),
    logger: new MemoryLogger(),
  });
  bus.start().registerSubscriber(subscriber);
  const shown = async () => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints.map(({ value }) => value);
  };
  assertEquals(await shown(), [1]);
  read = () => {
    throw new Error("no source");
  };
  assertEquals(await shown(), [NaN]);
  assertEquals(await shown(), [NaN]);
  read = () => 2;
  assertEquals(await shown(), [2]);
  // What has gone for good stays: a sum with it would be NaN for ever.
  read = () => [{ value: 3, attributes: { x: 1 } }];
  assertEquals(await shown(), [2, 3]);
  read = () => [{ value: NaN, attributes: { x: 1 } }];
  assertEquals(await shown(), [2, NaN]);
  await bus.stop();
  await provider.shutdown();
});
