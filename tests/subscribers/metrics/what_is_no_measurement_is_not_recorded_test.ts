import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  "copy.start": undefined;
  "copy.end": { bytes: number | undefined };
}

const { duration, throughput } = declare<Events>();

/** What is recorded of copies of so many bytes that took so many milliseconds. */
const CASES: [bytes: number | undefined, ms: number, recorded: number[], invalid: number][] = [
  [2_000, 1_000, [2_000], 0],
  [2_000, 500, [4_000], 0],
  // Nothing was moved.
  [0, 1_000, [], 0],
  [-0, 1_000, [], 0],
  [undefined, 1_000, [], 0],
  [null as never, 1_000, [], 0],
  [0, 0, [], 0],
  // In no time.
  [2_000, 0, [], 0],
  // A mistake.
  [NaN, 1_000, [], 1],
  [-5, 1_000, [], 1],
  [-5, 0, [], 1],
  [Infinity, 1_000, [], 1],
  [2_000, -1_000, [], 1],
];

for (const [bytes, ms, recorded, invalid] of CASES) {
  const what = recorded.length > 0
    ? "is recorded"
    : invalid > 0
    ? "is counted as invalid"
    : "is none";
  Deno.test(`a throughput of ${bytes} bytes in ${ms} ms ${what}; its duration is one`, async () => {
    let attributed = 0;
    const logger = new MemoryLogger();
    const subscriber = new MetricsSubscriber<Events>({
      metrics: {
        "throughput": throughput("copy.start", "copy.end", {
          bytes: ({ metadata }) => metadata.bytes,
          unit: "By/s",
          attributes: () => (attributed++, {}),
        }),
        "duration": duration("copy.start", "copy.end", { unit: "ms" }),
      },
      logger,
    });
    const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
    bus.registerSubscriber(subscriber);
    bus.publish("copy.start", undefined, { timestamp: 5_000 });
    bus.publish("copy.end", { bytes }, { timestamp: 5_000 + ms });
    await bus.stop();
    const sums = subscriber.collect().map((metric) =>
      metric.kind === "histogram" ? metric.points.map(({ sum }) => sum) : []
    );
    assertEquals(sums, [recorded, [Math.max(0, ms)]]);
    assertEquals(subscriber.stats().invalidByMetric, invalid > 0 ? { throughput: invalid } : {});
    assertEquals(attributed, recorded.length + invalid);
    assertEquals(logger.lines.length, invalid);
    assertEquals(bus.subscriberExceptionCounts(), {});
  });
}
