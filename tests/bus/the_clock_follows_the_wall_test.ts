import { assert, assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import { createClock } from "../../src/bus/clock.ts";

function fakes() {
  const state = { monotonic: 0, wall: 1_000_000 };
  const clock = createClock({
    monotonicMs: () => state.monotonic,
    wallMs: () => Math.floor(state.wall),
  });
  const advance = (ms: number) => {
    state.monotonic += ms;
    state.wall += ms;
  };
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
