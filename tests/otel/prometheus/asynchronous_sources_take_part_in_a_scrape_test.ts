import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { metrics as otel } from "@opentelemetry/api";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { samples } from "../../support/samples.ts";
import { hurryTimers } from "../../support/watched_timers.ts";

Deno.test("a scrape awaits callbacks of instruments, producers and beforeCollect", async () => {
  let fetched = 0;
  await using metrics = new PrometheusMetrics({
    beforeCollect: async () => {
      await Promise.resolve();
      fetched++;
    },
    metricProducers: [createMetricProducer({
      collect: async () => {
        await Promise.resolve();
        return [{
          kind: "gauge",
          name: "produced",
          description: "",
          unit: "",
          startTimeMs: 0,
          points: [{ attributes: {}, value: fetched }],
        }];
      },
    })],
  });
  metrics.meter.createObservableGauge("observed").addCallback(async (result) => {
    const value = fetched;
    await Promise.resolve();
    result.observe(value);
  });
  for (const count of [1, 2]) {
    const { produced, observed } = samples(await metrics.scrape());
    assertEquals([produced, observed], [count, count]);
  }
});

Deno.test("beforeCollect that is slow or fails is reported, and the scrape goes on", async () => {
  // It has half of a collection's time; the other half is far longer than any machine takes.
  using _hurried = hurryTimers(10_000);
  const logger = new MemoryLogger();
  for (
    const [beforeCollect, why] of [
      [
        () => new Promise<void>(() => {}),
        "Cannot await beforeCollect: it took longer than 10000 ms",
      ],
      [() => Promise.reject(new Error("no reply")), "no reply"],
      [() => {
        throw new Error("no source");
      }, "no source"],
    ] as const
  ) {
    await using metrics = new PrometheusMetrics({
      beforeCollect,
      collectTimeoutMs: 20_000,
      logger,
    });
    metrics.meter.createCounter("orders").add(3);
    assertEquals(samples(await metrics.scrape())["orders_total"], 3);
    // The next line comes after a while, not with each scrape.
    assertEquals(samples(await metrics.scrape())["orders_total"], 3);
    assertEquals(logger.lines.splice(0), [
      `busbar: ${why}; the scrape goes on with what there is`,
    ]);
  }
});

Deno.test("a producer that fails makes the scrape fail", async () => {
  await using metrics = new PrometheusMetrics({
    metricProducers: [
      createMetricProducer({ collect: () => Promise.reject(new Error("no source")) }),
    ],
  });
  await assertRejects(() => metrics.scrape(), Error, "no source");
});

Deno.test("what is no function, or no option, is refused", () => {
  assertThrows(
    () => new PrometheusMetrics({ beforeCollect: 1 as never }),
    TypeError,
    "Cannot create PrometheusMetrics: beforeCollect must be a function, received 1",
  );
  assertThrows(
    () => new PrometheusMetrics({ colectTimeoutMs: 1 } as object),
    TypeError,
    `did you mean "collectTimeoutMs"?`,
  );
});

Deno.test("readers that push do not call beforeCollect, and nothing is registered globally", async () => {
  const global = otel.getMeterProvider();
  let [calls, pushes] = [0, 0];
  const reader = new PeriodicExportingMetricReader({
    exporter: {
      export: (_metrics, done) => {
        pushes++;
        done({ code: 0 });
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  });
  await using metrics = new PrometheusMetrics({
    readers: [reader],
    beforeCollect: () => void calls++,
  });
  metrics.meter.createCounter("orders").add(1);
  await metrics.flush();
  assertEquals([pushes, calls], [1, 0]);
  await metrics.scrape();
  assertEquals(calls, 1);
  assertEquals(otel.getMeterProvider() === global, true);
});
