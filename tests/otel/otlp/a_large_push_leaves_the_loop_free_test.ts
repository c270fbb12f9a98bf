import { assert, assertEquals } from "@std/assert";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { createOtlpExporters, type OtlpProtocol } from "@busbar/busbar/otel";
import { toAttributes } from "../../support/otlp_attributes.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";
import { nextTurn } from "../../support/quiet_bus.ts";

// deno-lint-ignore no-explicit-any -- decoded from outside
type Decoded = any;

const SETS = 1_000;

/** All data points of a request, by metric and attributes. */
function pointsOf(body: Decoded): Record<string, unknown> {
  const points: [string, unknown][] = [];
  for (const { scopeMetrics } of body.resourceMetrics) {
    for (const { metrics } of scopeMetrics) {
      for (const { name, sum, histogram } of metrics) {
        for (const point of (sum ?? histogram).dataPoints) {
          const set = JSON.stringify(toAttributes(point.attributes ?? []));
          const value = sum ? Number(point.asInt ?? point.asDouble) : Number(point.count);
          points.push([`${name} ${set}`, value]);
        }
      }
    }
  }
  assertEquals(new Set(points.map(([name]) => name)).size, points.length);
  return Object.fromEntries(points);
}

for (const protocol of ["http/protobuf", "http/json"] satisfies OtlpProtocol[]) {
  Deno.test(`other work gets its turns while a large push is written as ${protocol}`, async () => {
    await using receiver = await OtlpReceiver.start();
    const { metrics } = createOtlpExporters({ endpoint: receiver.endpoint, protocol });
    let turns = 0;
    let turnsUntilSent = 0;
    const { fetch } = globalThis;
    globalThis.fetch = (...args: Parameters<typeof fetch>) => {
      turnsUntilSent = turns;
      return fetch(...args);
    };
    using _restored = { [Symbol.dispose]: () => void (globalThis.fetch = fetch) };
    const exporter: typeof metrics = {
      export(...args) {
        turns = 0;
        metrics.export(...args);
      },
      forceFlush: () => metrics.forceFlush(),
      shutdown: () => metrics.shutdown(),
    };
    const provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter })],
    });
    const expected: Record<string, unknown> = {};
    for (const scope of ["a", "b"]) {
      const meter = provider.getMeter(scope);
      for (let i = 0; i < 10; i++) {
        const counter = meter.createCounter(`${scope}.c${i}`);
        for (let set = 0; set < SETS; set++) {
          counter.add(set + i, { set });
          expected[`${scope}.c${i} {"set":${set}}`] = set + i;
        }
        meter.createHistogram(`${scope}.h${i}`).record(1);
        expected[`${scope}.h${i} {}`] = 1;
      }
    }
    let isDone = false;
    const turning = (async () => {
      for (; !isDone; turns++) await nextTurn();
    })();
    await provider.forceFlush();
    isDone = true;
    await turning;
    assertEquals(receiver.received.length, 1);
    assertEquals(pointsOf(receiver.received[0]?.body), expected);
    // Written in one piece it would be sent in the turn that it was collected in.
    assert(turnsUntilSent > 1, `${turnsUntilSent} turns`);
    await provider.shutdown();
  });
}
