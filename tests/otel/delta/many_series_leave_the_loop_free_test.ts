import { assert, assertEquals } from "@std/assert";
import { DeltaMetricExporter, type ResourceMetrics } from "@busbar/busbar/otel";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { point, sum } from "../../support/metric_data.ts";
import { Receiver } from "../../support/delta_pushes.ts";
import { nextTurn } from "../../support/quiet_bus.ts";

const SERIES = 30_000;
const ATTRIBUTES = Array.from({ length: SERIES }, (_, i) => ({ i }));

function collected(value: number, series = SERIES): ResourceMetrics {
  const points = ATTRIBUTES.slice(0, series).map((attributes) => point(value, attributes));
  const scopeMetrics = [{ scope: { name: "s" }, metrics: [sum({ name: "m" }, points)] }];
  return { resource: resourceFromAttributes({}), scopeMetrics };
}

/** What was accepted, push by push: how many points, and their total. */
function accepted({ accepted }: Receiver): [count: number, total: number][] {
  return accepted.map(({ dataPoints }) => [
    dataPoints.length,
    dataPoints.reduce((total, { value }) => total + (value as number), 0),
  ]);
}

Deno.test("other work gets its turns while the deltas of many series are made", async () => {
  const receiver = new Receiver();
  const exporter = new DeltaMetricExporter(receiver);
  let turns = 0;
  for (const value of [1, 3]) {
    let isDone = false;
    const pushed = new Promise<void>((resolve) =>
      exporter.export(collected(value), () => {
        isDone = true;
        resolve();
      })
    );
    for (; !isDone; turns++) await nextTurn();
    await pushed;
  }
  assert(turns > 2, `${turns} turns`);
  assertEquals(accepted(receiver), [[SERIES, SERIES], [SERIES, SERIES * 2]]);
  await exporter.shutdown();
});

Deno.test("a shutdown waits for deltas that are being made", async () => {
  class Closing extends Receiver {
    isShutDown = false;
    override export(...args: Parameters<Receiver["export"]>): void {
      assertEquals(this.isShutDown, false);
      super.export(...args);
    }
    override shutdown = () => {
      this.isShutDown = true;
      return Promise.resolve();
    };
  }
  const receiver = new Closing();
  const exporter = new DeltaMetricExporter(receiver);
  const results: number[] = [];
  exporter.export(collected(1), ({ code }) => void results.push(code));
  await exporter.shutdown();
  assertEquals([results, receiver.isShutDown], [[0], true]);
  assertEquals(accepted(receiver), [[SERIES, SERIES]]);
});

Deno.test("a few series are handed over at once", async () => {
  const receiver = new Receiver();
  const exporter = new DeltaMetricExporter(receiver);
  exporter.export(collected(1, 3), () => {});
  assertEquals(accepted(receiver), [[3, 3]]);
  await exporter.shutdown();
});
