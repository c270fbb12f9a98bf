import { assertEquals } from "@std/assert";
import { ManualClock, RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

Deno.test("it begins at the epoch, or where it is told to", () => {
  assertEquals(new ManualClock().now(), 0);
  const clock = new ManualClock(1_700_000_000_000.25);
  assertEquals([clock.now(), clock.timeMs], [1_700_000_000_000.25, 1_700_000_000_000.25]);
});

Deno.test("it moves by what it is told, forwards and back, and is set by hand", () => {
  const clock = new ManualClock(100);
  // Taken out of the clock, as a bus takes it.
  const { now } = clock;
  clock.advance(50.5);
  assertEquals([now(), clock.timeMs], [150.5, 150.5]);
  clock.advance(0);
  assertEquals(now(), 150.5);
  clock.advance(-200.5);
  assertEquals(now(), -50);
  clock.timeMs = 7;
  assertEquals(now(), 7);
});

Deno.test("a bus that is given it stamps with its time, however long the test takes", async () => {
  const clock = new ManualClock(1_000);
  const { bus } = quietBus({ clock: clock.now });
  const recorder = new RecordingSubscriber();
  bus.start().registerSubscriber(recorder);
  bus.publish("a");
  await nextTurn();
  bus.publish("a");
  clock.advance(250);
  bus.publish("a");
  await bus.stop();
  assertEquals(recorder.events.map(({ timestamp }) => timestamp), [1_000, 1_000, 1_250]);
});
