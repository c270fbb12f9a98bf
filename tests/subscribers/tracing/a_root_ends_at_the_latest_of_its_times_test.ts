import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { summary, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const spans = {
  request: span("request.start", "request.end", { root: true }),
  store: span("store.start", "store.end"),
};

/** The root's end, for events in the order in which they are published, each with its time. */
async function endOfRoot(events: readonly (readonly [type: string, at: number])[]) {
  const traced = tracedBus(spans);
  for (const [type, at] of events) {
    const [name, operationId] = type.split(" ");
    traced.publish(name as string, at, operationId === undefined ? {} : { operationId });
  }
  const ended = (await traced.stop()).map(summary);
  return ended.find(([name]) => name === "request")?.[2];
}

Deno.test("a root ends at the latest of its own end and its children's, in whatever order they come", async () => {
  const start = [["request.start", 0], ["store.start 1", 1], ["store.start 2", 2]] as const;
  // A child that was reported first ended after its root.
  assertEquals(
    await endOfRoot([...start, ["store.end 1", 8], ["store.end 2", 5], ["request.end", 3]]),
    8,
  );
  // The root waits for children that ended before it.
  assertEquals(
    await endOfRoot([...start, ["request.end", 9], ["store.end 1", 4], ["store.end 2", 5]]),
    9,
  );
  // Of two children, the one that comes last ended first.
  assertEquals(
    await endOfRoot([...start, ["request.end", 3], ["store.end 1", 7], ["store.end 2", 6]]),
    7,
  );
});

Deno.test("work that ends before its start ends as it starts, and its root not before", async () => {
  const events = [["request.start", 0], ["store.start", 10], ["store.end", 5]] as const;
  assertEquals(await endOfRoot([...events, ["request.end", 7]]), 10);
});

Deno.test("a root that expires does not end before its work", async () => {
  const events = [["request.start", 0], ["store.start", 1], ["store.end", 50]] as const;
  // The last event is the clock by which it expires at the shutdown: it has no start.
  assertEquals(await endOfRoot([...events, ["store.end", 40]]), 50);
});
