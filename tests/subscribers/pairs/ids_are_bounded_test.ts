import { assert, assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { boundedId } from "../../../src/subscribers/pairs/bounded_id.ts";
import { tracedBus } from "../../support/tracing_bus.ts";

Deno.test("An id of 200 characters is kept, a longer one is cut, and two long ones differ still", () => {
  const short = ["", "a", "x".repeat(200)];
  for (const id of [...short, undefined] as string[]) assertEquals(boundedId(id), id);
  const long = "x".repeat(1_000);
  const ids = new Set<string>([
    ...short,
    long,
    `${long}x`,
    `${long}y`,
    `y${long}`,
    `${long.slice(0, 500)}y${long.slice(0, 500)}`,
    "x".repeat(201),
    boundedId(long).slice(0, 200),
    ...Array.from({ length: 1_000 }, (_, i) => `${long}${i}`),
  ]);
  const bounded = new Set([...ids].map(boundedId));
  assertEquals(bounded.size, ids.size);
  for (const id of bounded) {
    assert(id.length < 240, id);
    assertEquals(boundedId(id), id); // not cut again
  }
  assertEquals(boundedId(long), boundedId("x".repeat(1_000)));
  // Written down, so that a change of the hash does not go unseen.
  assertEquals(boundedId(long), `${"x".repeat(200)}…1000#6dbcf252090a1c5e`);
});

interface Events {
  "job.start": undefined;
  "job.end": undefined;
}

const { duration, span } = declare<Events>();
const long = (end: string) => "id".repeat(5_000) + end;

Deno.test("Durations of sessions and operations with long ids are told apart", async () => {
  const bus = new EventBus<Events>().start();
  const metrics = new MetricsSubscriber<Events>({
    metrics: { "job.duration": duration("job.start", "job.end", { unit: "ms" }) },
  });
  bus.registerSubscriber(metrics);
  const publish = (type: keyof Events, session: string, operation: string, timestamp: number) =>
    bus.publish(type, undefined, {
      sessionId: long(session),
      operationId: long(operation),
      timestamp,
    });
  publish("job.start", "a", "1", 0);
  publish("job.start", "a", "2", 100);
  publish("job.start", "b", "1", 10_000);
  publish("job.end", "b", "1", 10_001);
  publish("job.end", "a", "2", 110);
  publish("job.end", "a", "1", 1_000);
  await bus.stop();
  const [measured] = metrics.collect();
  assertEquals(measured?.kind === "histogram" && measured.points.map(({ sum }) => sum), [1_011]);
  assertEquals(metrics.stats().ambiguousPairs, 0);
});

Deno.test("Spans of sessions and operations with long ids are told apart", async () => {
  const traced = tracedBus({
    root: span("root.start" as "job.start", "root.end" as "job.end", { root: true }) as never,
    job: span("job.start", "job.end") as never,
  });
  const publish = (type: string, at: number, session: string, operation = "") =>
    traced.publish(type, at, {}, {
      sessionId: long(session),
      operationId: operation && long(operation),
    });
  publish("root.start", 0, "a");
  publish("job.start", 1, "a", "1");
  publish("job.start", 2, "a", "2");
  publish("job.start", 3, "b", "1");
  publish("job.end", 11, "a", "2");
  publish("job.end", 12, "b", "1");
  publish("job.end", 13, "a", "1");
  publish("root.end", 14, "a");
  const ended = await traced.stop();
  const root = ended.find(({ name }) => name === "root")?.spanContext().spanId;
  const isChild = ended.map(({ parentSpanContext }) => parentSpanContext?.spanId === root);
  assertEquals(isChild, [true, false, true, false]);
  assertEquals(traced.tracing.stats().orphanedEnds, 0);
});

Deno.test("A number, of whatever type it is, is the id that its digits are, also one that is none", async () => {
  for (const [start, end] of [[7, "7"], [0, "0"], ["12", 12n], [NaN, NaN], [1e21, "1e+21"]]) {
    const traced = tracedBus({ job: span("job.start", "job.end") as never });
    const metrics = new MetricsSubscriber({
      metrics: { "job.duration": duration("job.start", "job.end") as never },
    });
    traced.bus.registerSubscriber(metrics);
    const publish = (type: string, sessionId: unknown, operationId: unknown) =>
      traced.publish(type, 0, { operationId: operationId as number }, {
        sessionId: sessionId as string,
      });
    publish("job.start", "other", start);
    publish("job.start", start, "other");
    publish("job.start", start, start);
    publish("job.end", end, end);
    publish("job.end", end, "other");
    publish("job.end", "other", end);
    await traced.stop();
    const { openPairs, orphanedEnds } = metrics.stats();
    const { expired, ended } = traced.tracing.stats();
    assertEquals([openPairs, orphanedEnds, expired, ended], [0, 0, 0, 3], `${String(start)}`);
  }
});
