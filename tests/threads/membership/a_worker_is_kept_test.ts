import { assertEquals } from "@std/assert";
import { MemoryLogger } from "@busbar/busbar/testing";
import { WorkerKeeper } from "../../../src/threads/membership/worker_keeper.ts";

/** A keeper whose role, clock and workers the test steers. */
function aKeeper() {
  const state = { has: false, nowMs: 0, started: 0, running: 0, yieldedMs: [] as number[] };
  const workers: ((error: unknown) => void)[] = [];
  const logger = new MemoryLogger();
  let refusal: Error | undefined;
  const keeper = new WorkerKeeper({
    membership: {
      has: () => state.has,
      yield: (_role, forMs) => {
        state.has = false;
        state.yieldedMs.push(forMs);
        keeper.update();
      },
    },
    start: (onEnd) => {
      if (refusal !== undefined) throw refusal;
      state.started++;
      state.running++;
      workers.push((error) => {
        state.running--;
        onEnd(error);
      });
      return { [Symbol.dispose]: () => void state.running-- };
    },
    logger,
    now: () => state.nowMs,
  });
  return {
    ...{ keeper, state, logger },
    take: () => {
      state.has = true;
      keeper.update();
    },
    end: (error: unknown) => workers.at(-1)!(error),
    refuse: (error: Error | undefined) => refusal = error,
  };
}

Deno.test("the worker runs while the thread has the role, one at a time", () => {
  const { keeper, state, take } = aKeeper();
  keeper.update();
  assertEquals(state.running, 0);
  take();
  take();
  assertEquals([state.running, state.started], [1, 1]);
  state.has = false;
  keeper.update();
  assertEquals(state.running, 0);
  take();
  keeper[Symbol.dispose]();
  assertEquals([state.running, state.started], [0, 2]);
});

Deno.test("a worker that ends is told once, and started again, later each time", () => {
  const { state, logger, take, end, refuse } = aKeeper();
  take();
  end(new Error("no such module"));
  assertEquals(state.yieldedMs, [1_000]);
  take();
  end(new Error("no such module"));
  refuse(new Error("not allowed"));
  take();
  assertEquals(state.yieldedMs, [1_000, 2_000, 4_000]);
  assertEquals(state.running, 0);
  assertEquals(
    logger.lines,
    ["busbar: threads.metricsWorker: has ended, and is started again: no such module"],
  );
  refuse(undefined);
  take();
  // One that has served for a while has not failed to start.
  state.nowMs = 20_000;
  end("it exited with code 1");
  assertEquals(state.yieldedMs.at(-1), 1_000);
});
