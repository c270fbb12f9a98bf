import { assertEquals } from "@std/assert";
import {
  DeltaMetricExporter,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { orders, push } from "../../support/delta_pushes.ts";

Deno.test("a push waits for the one under way, and a newer one takes its place", async () => {
  const underWay: { metrics: ResourceMetrics; done: (result: { code: number }) => void }[] = [];
  const slow: PushMetricExporter = {
    export: (metrics, done) => void underWay.push({ metrics, done }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const exporter = new DeltaMetricExporter(slow, { logger: new MemoryLogger() });
  const resource = resourceFromAttributes({});
  const at = (end: number, value: number) =>
    push(exporter, {
      resource,
      scopeMetrics: [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, value])] }],
    });
  const results = [at(110, 1), at(120, 2), at(130, 3)];
  assertEquals((await results[1])?.code, 1);
  assertEquals(underWay.length, 1);
  let isFlushed = false;
  const flushed = exporter.forceFlush().then(() => isFlushed = true);
  underWay[0]?.done({ code: 0 });
  await results[0];
  assertEquals(isFlushed, false);
  underWay[1]?.done({ code: 0 });
  await flushed;
  assertEquals((await results[2])?.code, 0);
  const values = underWay.map(({ metrics }) => metrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0])
    .map((point) => [point?.startTime[0], point?.endTime[0], point?.value]);
  assertEquals(values, [[100, 110, 1], [110, 130, 2]]);
});

Deno.test("where nothing has changed, nothing is sent", async () => {
  let sent = 0;
  const exporter = new DeltaMetricExporter({
    export: (_metrics, done) => {
      sent++;
      done({ code: 0 });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  });
  const resource = resourceFromAttributes({});
  for (const end of [110, 120]) {
    const scopeMetrics = [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, 1])] }];
    assertEquals((await push(exporter, { resource, scopeMetrics })).code, 0);
  }
  assertEquals(sent, 1);
});
