import { assertEquals } from "@std/assert";
import {
  CountingMetricExporter,
  DeltaMetricExporter,
  type PushMetricExporter,
} from "@busbar/busbar/otel";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";

/** An exporter that notes what it is asked for. */
function noting(): { exporter: PushMetricExporter; calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => Promise.resolve(void calls.push(call));
  return {
    calls,
    exporter: {
      export: (_metrics, done) => done({ code: 0 }),
      forceFlush: () => note("flush"),
      shutdown: () => note("shutdown"),
      selectAggregationTemporality: () => AggregationTemporality.DELTA,
    },
  };
}

for (const Wrapper of [CountingMetricExporter, DeltaMetricExporter]) {
  Deno.test(`${Wrapper.name} hands a flush and a shutdown on`, async () => {
    const { exporter, calls } = noting();
    const wrapper = new Wrapper(exporter);
    await wrapper.forceFlush();
    assertEquals(calls, ["flush"]);
    await wrapper.shutdown();
    assertEquals(calls, ["flush", "shutdown"]);
  });
}

Deno.test("what counts asks for the temporality of what it wraps, what makes deltas for sums", () => {
  const { exporter } = noting();
  const { CUMULATIVE, DELTA } = AggregationTemporality;
  const temporalityOf = (one: PushMetricExporter) =>
    one.selectAggregationTemporality?.("COUNTER" as never);
  assertEquals(temporalityOf(new CountingMetricExporter(exporter)), DELTA);
  assertEquals(temporalityOf(new DeltaMetricExporter(exporter)), CUMULATIVE);
});
