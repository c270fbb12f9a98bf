import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";

interface Events {
  "job.start": undefined;
  "job.end": undefined;
}

const { counter, duration } = declare<Events>();

Deno.test("a subscriber that is registered again goes on counting, and with what was open", async () => {
  const subscriber = new MetricsSubscriber<Events>({
    metrics: {
      "jobs": counter("job.start"),
      "job.duration": duration("job.start", "job.end", { unit: "ms" }),
    },
  });
  const bus = new EventBus<Events>();
  bus.start().registerSubscriber(subscriber);
  bus.publish("job.start", undefined, { sessionId: "a", timestamp: 1_000 });
  await bus.stop();
  bus.start().registerSubscriber(subscriber);
  bus.publish("job.start", undefined, { sessionId: "b", timestamp: 2_000 });
  bus.publish("job.end", undefined, { sessionId: "a", timestamp: 3_000 });
  await bus.stop();
  const [jobs, durations] = subscriber.collect();
  assertEquals(jobs?.kind === "counter" && jobs.points.map(({ value }) => value), [2]);
  assertEquals(durations?.kind === "histogram" && durations.points.map(({ sum }) => sum), [2_000]);
  assertEquals(subscriber.stats().openPairs, 1);
});
