import { assertEquals } from "@std/assert";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { CountingMetricExporter } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

Deno.test("Pushed data points are counted, also when the exporter throws", () => {
  const results: { code: number; error?: Error }[] = [
    { code: 0 },
    { code: 1, error: new Error("down") },
    { code: 1, error: Object.assign(new Error("partly"), { rejectedCount: 1 }) },
  ];
  const logger = new MemoryLogger();
  const exporter = new CountingMetricExporter({
    export: (_metrics, done) => {
      const result = results.shift();
      if (result === undefined) throw new Error("broken");
      done(result);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }, { logger });
  const metrics = {
    resource: { attributes: {} },
    scopeMetrics: [{ metrics: [{ dataPoints: [1, 2, 3] }, { dataPoints: [4] }] }],
  };
  const codes: number[] = [];
  for (let i = 0; i < 4; i++) {
    exporter.export(metrics as never, ({ code }) => codes.push(code));
  }
  assertEquals(codes, [0, 1, 1, 1]);
  assertEquals(exporter.stats(), { exported: 4 + 3, failed: 4 + 1 + 4, dropped: 0, queued: 0 });
  assertEquals(logger.lines, [
    "busbar: Cannot export 4 data points, 4 in all: down; sums catch up with the next push",
  ]);
});

Deno.test("That sums catch up is not said of deltas, which do not", () => {
  const logger = new MemoryLogger();
  const exporter = new CountingMetricExporter({
    export: (_metrics, done) => done({ code: 1, error: new Error("down") }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }, { logger });
  const metric = { aggregationTemporality: AggregationTemporality.DELTA, dataPoints: [1, 2] };
  const metrics = { resource: { attributes: {} }, scopeMetrics: [{ metrics: [metric] }] };
  exporter.export(metrics as never, () => {});
  assertEquals(logger.lines, ["busbar: Cannot export 2 data points, 2 in all: down"]);
});
