import { assertEquals, assertThrows } from "@std/assert";
import { DeltaMetricExporter, type TemporalityPreference } from "@busbar/busbar/otel";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { push, pushing, Receiver } from "../../support/delta_pushes.ts";
import { exponential, point } from "../../support/metric_data.ts";

Deno.test("each preference makes deltas of what OpenTelemetry says it does", async () => {
  const { DELTA, CUMULATIVE } = AggregationTemporality;
  const cases: [TemporalityPreference | undefined, sync: number, observable: number][] = [
    [undefined, DELTA, DELTA],
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

Deno.test("an exponential histogram stays cumulative", async () => {
  const receiver = new Receiver();
  const exporter = new DeltaMetricExporter(receiver);
  const buckets = { offset: 0, bucketCounts: [1] };
  const value = { count: 1, sum: 1, scale: 0, zeroCount: 0, positive: buckets, negative: buckets };
  const metrics = [exponential({ name: "time" }, [point(value)])];
  const scopeMetrics = [{ scope: { name: "test" }, metrics }];
  for (let i = 0; i < 2; i++) {
    await push(exporter, { resource: resourceFromAttributes({}), scopeMetrics });
  }
  assertEquals(receiver.accepted, [...metrics, ...metrics]);
});
