import { assert, assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { createClock } from "../../src/bus/clock.ts";
import { quietBus } from "../support/quiet_bus.ts";

function fakes() {
  const state = { monotonic: 0, wall: 1_000_000, asked: 0 };
  const clock = createClock(() => state.monotonic, () => {
    state.asked++;
    return Math.floor(state.wall);
  });
  const advance = (ms: number) => {
    state.monotonic += ms;
    state.wall += ms;
  };
  // It begins with its first reading.
  clock();
  return { state, clock, advance };
}

Deno.test("it has sub-millisecond steps", () => {
  const { clock, advance } = fakes();
  const before = clock();
  advance(0.25);
  assertEquals(clock() - before, 0.25);
});

Deno.test("a forward correction is taken over within about a second", () => {
  const { state, clock, advance } = fakes();
  state.wall += 3_600_000;
  advance(1_001);
  assert(Math.abs(clock() - state.wall) <= 2);
});

Deno.test("after a backward one it runs slower until it is met, never backwards", () => {
  const { state, clock, advance } = fakes();
  state.wall -= 5_000;
  let last = clock();
  for (let i = 0; i < 30; i++) {
    advance(500);
    const time = clock();
    assert(time > last);
    last = time;
  }
  assert(Math.abs(clock() - state.wall) <= 3, `${clock() - state.wall}`);
});

Deno.test("a monotonic clock that steps back does not show", () => {
  const { state, clock, advance } = fakes();
  advance(10);
  const before = clock();
  state.monotonic -= 5;
  assertEquals(clock(), before);
  advance(7);
  assertEquals(clock(), before + 2);
});

Deno.test("whatever the wall clock does, stamps never run backwards", () => {
  const step = fc.record({
    elapsed: fc.double({ min: 0, max: 5_000, noNaN: true }),
    jump: fc.oneof(fc.constant(0), fc.integer({ min: -1e7, max: 1e7 })),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const { state, clock, advance } = fakes();
    let last = clock();
    for (const { elapsed, jump } of steps) {
      advance(elapsed);
      state.wall += jump;
      const time = clock();
      assert(time >= last);
      last = time;
    }
  }));
});

Deno.test("the wall clock is asked once a second, however often the time is", () => {
  const { state, clock, advance } = fakes();
  for (let i = 0; i < 3_500; i++) {
    advance(1);
    clock();
  }
  // Once when it was made, then at 1,000, 2,000 and 3,000 ms.
  assertEquals(state.asked, 4);
});

Deno.test("a difference of two milliseconds is the wall clock's coarseness, one of three is not", () => {
  for (const [jump, followed] of [[2, 0], [3, 3], [-2, 0]] as const) {
    const { state, clock, advance } = fakes();
    state.wall += jump;
    advance(1_000);
    assertEquals(clock(), 1_001_000 + followed);
    advance(500);
    assertEquals(clock(), 1_001_500 + followed);
  }
});

Deno.test("the clock is slow just until the wall clock is met, and asks it then", () => {
  const { state, clock, advance } = fakes();
  state.wall -= 3;
  advance(1_000);
  assertEquals(clock(), 1_001_000);
  // Half the speed: three milliseconds are made up for in six.
  advance(4);
  assertEquals(clock(), 1_001_002);
  const { asked } = state;
  advance(2);
  assertEquals([clock(), state.asked], [1_001_003, asked + 1]);
  advance(100);
  assertEquals(clock(), 1_001_103);
});

Deno.test("while the clock is slow for long, the wall clock is asked once a second as well", () => {
  const { state, clock, advance } = fakes();
  state.wall -= 5_000;
  advance(1_000);
  clock();
  const { asked } = state;
  for (let i = 0; i < 4_000; i++) {
    advance(1);
    clock();
  }
  assertEquals(state.asked, asked + 4);
});

Deno.test("a monotonic clock that steps back after a forward correction does not show", () => {
  const { state, clock, advance } = fakes();
  state.wall += 3_600_000;
  advance(1_000);
  const corrected = clock();
  state.monotonic -= 5;
  assertEquals(clock(), corrected);
});

Deno.test("without a clock of its own a bus stamps with the time of the wall", async () => {
  const { bus } = quietBus();
  const recorder = new RecordingSubscriber();
  bus.registerSubscriber(recorder);
  const before = Date.now();
  bus.publish("a");
  await bus.stop();
  const { timestamp = NaN } = recorder.events[0] ?? {};
  assert(timestamp >= before - 3 && timestamp <= Date.now() + 3, `${timestamp - before} ms off`);
});

Deno.test("a clock made where time stands at 0 is right once time runs", () => {
  const state = { monotonic: 0, wall: 0 };
  for (const readsAtOnce of [false, true]) {
    Object.assign(state, { monotonic: 0, wall: 0 });
    const clock = createClock(() => state.monotonic, () => state.wall);
    if (readsAtOnce) assertEquals(clock(), 0);
    Object.assign(state, { monotonic: readsAtOnce ? 1e12 : 5, wall: 1e12 });
    assertEquals(clock(), 1e12);
  }
});
