import { assertEquals, assertStringIncludes } from "@std/assert";
import type { BusDrop } from "@busbar/busbar";
import { ManualClock, RecordingSubscriber } from "@busbar/busbar/testing";
import { collect, nextTurn, quietBus } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

Deno.test("10 published into a queue of 5: the first 5 are kept, 5 are counted", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 5 });
  const kept = collect<number>(bus, (event) => event.metadata);
  const accepted = Array.from({ length: 10 }, (_, i) => bus.publish("a", i));
  assertEquals(accepted.filter(Boolean).length, 5);
  assertEquals(bus.queueDepth, 5);
  assertEquals(bus.droppedEventsCount, 5);
  bus.start();
  const report = await bus.stop();
  assertEquals(kept, [0, 1, 2, 3, 4]);
  assertEquals(report, { delivered: 5, dropped: 5, leftOver: 0, failures: 0, timedOut: false });
  assertEquals({ ...bus.stats().lostByType }, { a: 5 });
  assertStringIncludes(lines[0] ?? "", 'lost 5 events (queue_full 5; "a" 5)');
});

Deno.test("drop-oldest keeps the newest and counts its victims", async () => {
  const { bus } = quietBus({ maxQueueSize: 3, overflow: "drop-oldest" });
  const kept = collect<number>(bus, (event) => event.metadata);
  for (let i = 0; i < 10; i++) assertEquals(bus.publish("a", i), true);
  bus.start();
  await bus.stop();
  assertEquals(kept, [7, 8, 9]);
  assertEquals(bus.stats().dropped.evicted, 7);
});

Deno.test("inline loses nothing: the producer that finds the queue full dispatches", async () => {
  const { bus } = quietBus({ maxQueueSize: 3, overflow: "inline" });
  const kept = collect<number>(bus, (event) => event.metadata);
  bus.start();
  for (let i = 0; i < 10; i++) assertEquals(bus.publish("a", i), true);
  assertEquals(kept.length > 0, true);
  await bus.stop();
  assertEquals(kept, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("inline dispatches a whole slice, not one event, also when the turn's budget is spent", async () => {
  const clock = new ManualClock();
  const { bus } = quietBus({
    maxQueueSize: 50,
    overflow: "inline",
    drainBudgetMs: 1_000,
    clock: clock.now,
  });
  const kept = collect<number>(bus, (event) => event.metadata);
  bus.start();
  bus.publish("a", -1);
  await null;
  clock.advance(2_000);
  for (let i = 0; i < 51; i++) bus.publish("a", i);
  assertEquals([kept.length, bus.queueDepth], [51, 1]);
  await bus.stop();
});

Deno.test("an hour of overload is reported in a handful of lines, with right totals", async () => {
  const clock = new ManualClock(0);
  const { bus, lines } = quietBus({ maxQueueSize: 1, clock: clock.now });
  for (let second = 0; second <= 3_600; second++) {
    bus.publish("a");
    bus.publish("a");
    await null;
    clock.advance(1_000);
  }
  // 1 at once, then 1, 2, 4, 8, 16, 32 s apart (63 s in all), then one a minute.
  assertEquals(lines.length, 1 + 6 + Math.floor((3_600 - 63) / 60));
  assertStringIncludes(lines[0] ?? "", "the bus was never started, call start()");
  await bus.stop();
  assertStringIncludes(lines.at(-1) ?? "", "lost 7201 events");
});

Deno.test("an episode ends with a line of its totals, at the first empty queue after it", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 2 });
  bus.start();
  for (let i = 0; i < 5; i++) bus.publish("a");
  await nextTurn();
  assertEquals(lines.length, 1);
  bus.publish("a");
  await nextTurn();
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1] ?? "", "lost 3 events");
  assertStringIncludes(lines[1] ?? "", "in all");
  bus.publish("a");
  await nextTurn();
  assertEquals((await bus.stop()).dropped, 3);
  assertEquals(lines.length, 2);
});

Deno.test("a stop reports what no line has reported yet", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 1 });
  bus.start();
  for (let i = 0; i < 3; i++) bus.publish("a");
  await nextTurn();
  // Within the first line's second: counted, but not worth another line yet.
  for (let i = 0; i < 3; i++) bus.publish("b");
  await nextTurn();
  await bus.stop();
  assertStringIncludes(lines.at(-1) ?? "", "in all");
  const totals = lines.filter((line) => line.includes("in all")).map((line) =>
    Number(/lost (\d+)/.exec(line)?.[1])
  );
  assertEquals(totals.reduce((sum, n) => sum + n, 0), 4);
});

Deno.test("bus:drop gives listeners what was lost since the last one", async () => {
  const clock = new ManualClock(5_000);
  const { bus } = quietBus({ maxQueueSize: 1, clock: clock.now });
  const drops: BusDrop[] = [];
  bus.addEventListener("bus:drop", (event) => drops.push(event.detail));
  bus.publish("a");
  bus.publish("a");
  bus.publish("b");
  assertEquals(drops.length, 0);
  await nextTurn();
  assertEquals(drops.length, 1);
  assertEquals(drops[0]?.rejected.queue_full, 2);
  assertEquals({ ...drops[0]?.lostByType }, { a: 1, b: 1 });
  assertEquals(drops[0]?.since, 5_000);
  await bus.stop();
});

Deno.test("a type may be named like something that objects inherit", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 1 });
  const drops: BusDrop[] = [];
  bus.addEventListener("bus:drop", (event) => drops.push(event.detail));
  bus.publish("a");
  for (const type of ["constructor", "__proto__", "toString"]) bus.publish(type);
  await nextTurn();
  const lost = [["constructor", 1], ["__proto__", 1], ["toString", 1]];
  assertEquals(Object.entries(drops[0]?.lostByType ?? {}), lost);
  assertEquals(Object.entries(bus.stats().lostByType), lost);
  assertStringIncludes(lines[0] ?? "", "lost 3 events");
  await bus.stop();
});

Deno.test("reserved types and a stopped bus reject, by reason", async () => {
  const { bus } = quietBus();
  assertEquals(bus.publish("bus:drop" as never), false);
  await bus.stop();
  assertEquals(bus.publish("a"), false);
  const { published, accepted, rejected } = bus.stats();
  assertEquals({ published, accepted, rejected }, {
    published: 2,
    accepted: 0,
    rejected: { queue_full: 0, stopped: 1, reserved: 1 },
  });
});

Deno.test("a type that is no string is rejected, and publish does not throw", () => {
  const { bus } = quietBus();
  for (const type of [undefined, null, 1, Symbol("s"), {}]) {
    assertEquals(bus.publish(type as unknown as string), false);
  }
  assertEquals(bus.stats().rejected.reserved, 5);
  assertEquals({ ...bus.stats().lostByType }, { "(not a string)": 5 });
});

Deno.test("past a thousand types the losses are counted together", () => {
  const { bus } = quietBus({ maxQueueSize: 1 });
  bus.publish("first");
  for (let i = 0; i < 1_500; i++) bus.publish(`type ${i}`);
  const { lostByType } = bus.stats();
  assertEquals(lostByType["__other__"], 500);
  assertEquals(Object.values(lostByType).reduce((sum, n) => sum + n, 0), 1_500);
  assertEquals(Object.getPrototypeOf(lostByType), null);
});

Deno.test("depth and lag of the oldest event", async () => {
  const clock = new ManualClock(100);
  const { bus } = quietBus({ clock: clock.now });
  assertEquals(bus.oldestEventLagMs, 0);
  bus.publish("a", 0, { timestamp: 1 });
  assertEquals(bus.oldestEventLagMs, 0);
  bus.publish("a");
  clock.advance(40);
  assertEquals([bus.queueDepth, bus.oldestEventLagMs], [2, 40]);
  clock.advance(-90);
  assertEquals(bus.oldestEventLagMs, 0);
  await bus.flush();
  assertEquals([bus.queueDepth, bus.oldestEventLagMs], [0, 0]);
});

Deno.test("a line names the five types that lost most", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 1 });
  bus.publish("kept");
  for (const [index, type] of [..."abcdefg"].entries()) {
    for (let i = 0; i <= index; i++) bus.publish(type);
  }
  await nextTurn();
  assertStringIncludes(
    lines[0] ?? "",
    'lost 28 events (queue_full 28; "g" 7, "f" 6, "e" 5, "d" 4, "c" 3, …) since ',
  );
  await bus.stop();
});

Deno.test("a line counts all reasons together, says event of one, and nothing of a start once it came", async () => {
  const clock = new ManualClock(0);
  const { bus, lines } = quietBus({ maxQueueSize: 1, clock: clock.now });
  bus.start();
  bus.publish("bus:a" as never);
  await nextTurn();
  assertEquals(lines, [
    'busbar: lost 1 event (reserved 1; "bus:a" 1) since 1970-01-01T00:00:00.000Z',
  ]);
  clock.advance(1_000);
  bus.publish("bus:a" as never);
  bus.publish("a");
  for (let i = 0; i < 3; i++) bus.publish("b");
  await nextTurn();
  assertStringIncludes(
    lines[1] ?? "",
    'lost 4 events (queue_full 3, reserved 1; "b" 3, "bus:a" 1)',
  );
  await bus.stop();
});

Deno.test("a time that no date can show is shown as it is", async () => {
  const { bus, lines } = quietBus({ clock: () => 1e20 });
  bus.publish("bus:a" as never);
  await nextTurn();
  assertStringIncludes(lines[0] ?? "", " since 100000000000000000000; ");
  await bus.stop();
});

Deno.test("after the line that closes an episode the next losses back off like any others", async () => {
  const clock = new ManualClock(0);
  const { bus, lines } = quietBus({ maxQueueSize: 1, clock: clock.now });
  bus.start();
  for (let i = 0; i < 2; i++) bus.publish("a");
  await nextTurn();
  assertEquals(lines.length, 1);
  bus.publish("a");
  await nextTurn();
  assertEquals(lines.length, 2);
  // Within the first second: no line opens an episode, so none closes it either.
  for (let i = 0; i < 2; i++) bus.publish("a");
  await nextTurn();
  bus.publish("a");
  await nextTurn();
  assertEquals(lines.length, 2);
  await bus.stop();
  assertEquals(lines.length, 3);
});

Deno.test("an episode goes on while events wait that a slice has not reached", async () => {
  const { bus, lines } = quietBus({ maxQueueSize: 2, drainBudgetMs: 4 });
  using time = steeredTime();
  bus.start();
  const linesAtSlice: number[] = [];
  bus.subscribe("a", () => time.pass(10));
  class Slices extends RecordingSubscriber {
    override onDrain(): void {
      linesAtSlice.push(lines.filter((line) => line.includes("in all")).length);
    }
  }
  bus.registerSubscriber(new Slices([]));
  bus.publish("bus:a" as never);
  await nextTurn();
  for (let i = 0; i < 2; i++) bus.publish("a");
  while (bus.queueDepth > 0) await nextTurn();
  await nextTurn();
  assertEquals(linesAtSlice, [0, 0]);
  assertEquals(lines.filter((line) => line.includes("in all")).length, 1);
  await bus.stop();
});

Deno.test("what was rejected by a full queue and what a stop left are lost alike", async () => {
  const { bus } = quietBus({ maxQueueSize: 3, drainBudgetMs: 4 });
  using time = steeredTime();
  bus.start();
  const controller = new AbortController();
  bus.subscribe("a", () => {
    time.pass(10);
    controller.abort();
  });
  for (let i = 0; i < 4; i++) bus.publish("a");
  const { delivered, dropped, leftOver } = await bus.stop({ signal: controller.signal });
  assertEquals([delivered, dropped, leftOver, bus.droppedEventsCount], [1, 3, 2, 3]);
});

Deno.test("the end of a stop names the losses that no slice came after", async () => {
  const { bus } = quietBus({ clock: () => 0 });
  const drops: number[] = [];
  bus.addEventListener("bus:drop", ({ detail }) => drops.push(detail.rejected.reserved));
  bus.start();
  for (const count of [1, 3]) {
    for (let i = 0; i < count; i++) bus.publish("bus:a" as never);
    await nextTurn();
  }
  assertEquals(drops, [1]);
  await bus.stop();
  assertEquals(drops, [1, 3]);
});
