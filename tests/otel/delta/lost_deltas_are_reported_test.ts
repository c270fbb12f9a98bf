import { assertEquals } from "@std/assert";
import { DeltaMetricExporter } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { orders, push } from "../../support/delta_pushes.ts";

Deno.test("what is rejected in part is lost and reported, and so is what is left at the end", async () => {
  const logger = new MemoryLogger();
  let error: Error = Object.assign(new Error("in part"), { rejectedCount: 1 });
  const values: unknown[] = [];
  const exporter = new DeltaMetricExporter({
    export: ({ scopeMetrics }, done) => {
      values.push(scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value);
      done({ code: 1, error });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }, { logger });
  const resource = resourceFromAttributes({});
  const at = (end: number, value: number) =>
    push(exporter, {
      resource,
      scopeMetrics: [{ scope: { name: "test" }, metrics: [orders(["a", 100, end, value])] }],
    });
  await at(110, 5);
  error = new Error("away");
  await at(120, 7);
  await at(130, 8);
  assertEquals(values, [5, 2, 3]);
  await exporter.shutdown();
  assertEquals(logger.lines, [
    "busbar: Cannot export 1 data points: the receiver rejected them for good",
    "busbar: Cannot export the deltas of 1 data points: they are lost",
  ]);
});

Deno.test("a shutdown waits for what is under way, to report its loss", async () => {
  const logger = new MemoryLogger();
  const response = Promise.withResolvers<{ code: number }>();
  const exporter = new DeltaMetricExporter({
    export: (_metrics, done) => void response.promise.then(done),
    forceFlush: () => Promise.resolve(),
    // As an exporter does that waits for its next attempt.
    shutdown: () => Promise.resolve(response.resolve({ code: 1 })),
  }, { logger });
  const resource = resourceFromAttributes({});
  const scopeMetrics = [{ scope: { name: "test" }, metrics: [orders(["a", 100, 110, 1])] }];
  const pushed = push(exporter, { resource, scopeMetrics });
  await exporter.shutdown();
  await pushed;
  assertEquals(logger.lines, ["busbar: Cannot export the deltas of 1 data points: they are lost"]);
});
