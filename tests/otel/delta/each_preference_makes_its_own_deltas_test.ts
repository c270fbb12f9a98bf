import { assertEquals, assertThrows } from "@std/assert";
import { DeltaMetricExporter, type TemporalityPreference } from "@busbar/busbar/otel";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { pushing, Receiver } from "../../support/delta_pushes.ts";

Deno.test("each preference makes deltas of what OpenTelemetry says it does", async () => {
  const { DELTA, CUMULATIVE } = AggregationTemporality;
  const cases: [TemporalityPreference, sync: number, observable: number][] = [
    ["delta", DELTA, DELTA],
    ["lowmemory", DELTA, CUMULATIVE],
    ["cumulative", CUMULATIVE, CUMULATIVE],
  ];
  for (const [preference, sync, observable] of cases) {
    await using pushed = pushing(preference);
    const { meter, bus, receiver } = pushed;
    meter.createCounter("added").add(1);
    meter.createUpDownCounter("level").add(1);
    meter.createHistogram("recorded").record(1);
    meter.createObservableCounter("observed").addCallback((result) => result.observe(1));
    meter.createObservableUpDownCounter("depth").addCallback((result) => result.observe(1));
    bus.publish("order", { shop: "a", total: 1 });
    await pushed.push("accepted");
    const found = receiver.accepted.map((
      { descriptor, aggregationTemporality },
    ) => [descriptor.name, aggregationTemporality]);
    assertEquals(Object.fromEntries(found), {
      added: sync,
      level: CUMULATIVE,
      recorded: sync,
      observed: observable,
      depth: CUMULATIVE,
      orders: sync,
      totals: sync,
    });
  }
  assertThrows(
    () => new DeltaMetricExporter(new Receiver(), { temporalityPreference: "low" as "delta" }),
    TypeError,
    'temporalityPreference must be one of "cumulative", "delta", "lowmemory", received "low"',
  );
});
