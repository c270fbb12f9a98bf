import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

const LONG = "a".repeat(100_000);

Deno.test("of a long type its beginning is kept, and how much longer it was", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus({ maxQueueSize: 1, logger });
  bus.publish("first");
  for (let i = 0; i < 3; i++) bus.publish(LONG);
  bus.publish("b".repeat(230));
  bus.publish("c".repeat(231));
  await bus.stop();
  assertEquals(Object.entries(bus.stats().lostByType), [
    [`${"a".repeat(200)}… (99800 more)`, 3],
    ["b".repeat(230), 1],
    [`${"c".repeat(200)}… (31 more)`, 1],
  ]);
  assertEquals(logger.lines.filter((line) => line.length > 4_100), []);
});

Deno.test("long names of handlers and subscribers are cut as well", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  const fail = Object.defineProperty(
    () => {
      throw new Error("no");
    },
    "name",
    { value: LONG },
  );
  bus.subscribe("a", fail);
  bus.publish("a");
  await bus.stop();
  assertEquals(Object.keys(bus.subscriberExceptionCounts()), [`${"a".repeat(200)}… (99800 more)`]);
});

Deno.test("a long error is told in a line of bounded length that says how much is missing", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger }).start();
  bus.subscribe("a", function parse() {
    throw new Error(LONG);
  });
  bus.publish("a");
  await bus.stop();
  const [line = ""] = logger.lines;
  assertEquals(line.length < 4_100, true);
  assertStringIncludes(line, "busbar: parse failed in a: aaa");
  assertStringIncludes(line, "more)");
});
