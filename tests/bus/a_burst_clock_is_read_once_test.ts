import { assert, assertEquals } from "@std/assert";
import { burstClock, EventBus } from "@busbar/busbar";
import { nextTurn } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";

Deno.test("all events of a burst are at one time, and later ones at a later one", async () => {
  using time = steeredTime();
  const bus = new EventBus({ clock: burstClock() }).start();
  const times: number[] = [];
  bus.subscribeAll((event) => times.push(event.timestamp));
  for (let burst = 0; burst < 3; burst++) {
    for (let i = 0; i < 4; i++) {
      bus.publish("a");
      time.pass(10);
    }
    await nextTurn();
  }
  await bus.stop();
  const first = times[0]!;
  assertEquals(
    times.map((ms) => Math.round(ms - first)),
    [0, 40, 80].flatMap((ms) => Array(4).fill(ms)),
  );
});

Deno.test("a burst ends with the synchronous code that it is in", async () => {
  using time = steeredTime();
  const clock = burstClock();
  const before = clock();
  time.pass(5);
  assertEquals(clock(), before);
  await null;
  await null;
  assertEquals(clock(), before + 5);
});

Deno.test("buses that share a burst clock are at one time, whoever reads it first", async () => {
  using time = steeredTime();
  const clock = burstClock();
  const times: number[] = [];
  const buses = [1, 2].map(() => new EventBus({ clock }).start());
  for (const bus of buses) bus.subscribeAll((event) => times.push(event.timestamp));
  for (let burst = 0; burst < 2; burst++) {
    for (const bus of burst ? buses.toReversed() : buses) {
      bus.publish("a");
      time.pass(1);
    }
    await nextTurn();
  }
  for (const bus of buses) await bus.stop();
  const first = times[0]!;
  assertEquals(times.map((ms) => Math.round(ms - first)), [0, 0, 2, 2]);
});

Deno.test("a burst clock follows the wall clock", async () => {
  const before = Date.now();
  const ms = burstClock()();
  assert(ms >= before - 3 && ms <= Date.now() + 3, `${ms - before} ms off`);
  await null;
});
