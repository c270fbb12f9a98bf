import { assertEquals, assertRejects } from "@std/assert";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { Endpoints } from "../../src/observability/endpoints.ts";
import { fakeProcess } from "../support/fake_process.ts";
import { nextTurn } from "../support/quiet_bus.ts";
import { type HeldTimer, holdTimers } from "../support/watched_timers.ts";

interface ShopEvents {
  "order": { total: number };
}

const DRAIN_MS = 20_000;

async function started(options: StartOptions<ShopEvents> = {}) {
  const logger = new MemoryLogger();
  const obs = await startObservability<ShopEvents>({
    prometheus: { port: 0 },
    env: () => undefined,
    logger,
    ...options,
  });
  const totals: number[] = [];
  obs.bus.subscribe("order", ({ metadata }) => void totals.push(metadata.total));
  const status = async (path: string) => {
    const response = await obs.handler(new Request(`http://localhost${path}`));
    await response.body?.cancel();
    return response.status;
  };
  const statuses = async () => [
    await status("/readyz"),
    await status("/healthz"),
    await status("/metrics"),
  ];
  return { obs, totals, statuses, logger };
}

/** The timer of the drain, once it waits. */
async function drainOf({ waiting }: { readonly waiting: readonly HeldTimer[] }) {
  for (;;) {
    const timer = waiting.find(({ delayMs }) => delayMs === DRAIN_MS);
    if (timer !== undefined) return timer;
    await nextTurn();
  }
}

Deno.test("it is not ready at once, goes on while it drains, closes, and only then ends", async () => {
  using timers = holdTimers();
  const { obs, totals, statuses, logger } = await started();
  assertEquals(await statuses(), [200, 200, 200]);
  let open = true;
  const ended = obs.shutdown({
    drainMs: DRAIN_MS,
    close: async () => {
      await nextTurn();
      // The last request publishes while its server closes.
      assertEquals(obs.bus.publish("order", { total: 2 }), true);
      open = false;
    },
  });
  const drain = await drainOf(timers);
  assertEquals(await statuses(), [503, 200, 200]);
  const served = await fetch(new URL("/readyz", obs.metricsUrl));
  assertEquals([served.status, await served.text()], [503, "not ready\n"]);
  assertEquals([obs.bus.publish("order", { total: 1 }), open], [true, true]);
  assertEquals(await obs.flush(), true);
  drain.fire();
  await ended;
  assertEquals([totals, open], [[1, 2], false]);
  assertEquals(obs.bus.publish("order", { total: 3 }), false);
  await assertRejects(() => fetch(obs.metricsUrl as string));
  // Where its handlers are in another server, it has nothing to tell any more, and that is no failure.
  assertEquals(await statuses(), [503, 200, 503]);
  assertEquals(logger.lines.filter((line) => line.includes("Cannot")), []);
  // A second call has the first one's result.
  await obs.shutdown({ drainMs: DRAIN_MS });
});

Deno.test("a scrape that fails before the end is a failure, after it none", async () => {
  const logger = new MemoryLogger();
  const scrape = () => Promise.reject(new Error("it broke"));
  const endpoints = new Endpoints({ scrape, stats: () => ({}), logger });
  const ask = async () => (await endpoints.handler(new Request("http://localhost/metrics"))).status;
  assertEquals(await ask(), 500);
  assertEquals(logger.lines, ["busbar: Cannot answer /metrics: it broke"]);
  endpoints.end();
  assertEquals(await ask(), 503);
  assertEquals(logger.lines.length, 1);
});

Deno.test("a signal that aborts cuts the drain short; what closes is closed all the same", async () => {
  const { obs } = await started();
  const controller = new AbortController();
  let calls = 0;
  const ended = obs.shutdown({
    drainMs: DRAIN_MS,
    close: () => void calls++,
    signal: controller.signal,
  });
  controller.abort();
  await ended.catch(() => {});
  assertEquals([calls, obs.bus.publish("order", { total: 1 })], [1, false]);
});

Deno.test("what hangs or fails while it closes takes half of the time, and ends nothing else", async () => {
  for (
    const [close, reason] of [
      [() => new Promise(() => {}), "its time ran out"],
      [() => Promise.reject(new Error("no")), "no"],
      [() => {
        throw new Error("no");
      }, "no"],
    ] as const
  ) {
    const { obs, totals } = await started();
    obs.bus.publish("order", { total: 1 });
    const ended = obs.shutdown({ timeoutMs: 300, close });
    const error = await assertRejects(() => ended, AggregateError);
    assertEquals(error.message, `Cannot close: ${reason}`);
    assertEquals([totals, obs.bus.publish("order", { total: 2 })], [[1], false]);
  }
});

Deno.test("a drain that is none is refused, and nothing has ended then", async () => {
  const { obs, statuses } = await started();
  for (const drainMs of [-1, NaN, Infinity, "1" as never]) {
    await assertRejects(
      () => obs.shutdown({ drainMs }),
      RangeError,
      "Cannot shut observability down: drainMs must be a number from 0 to 2147483647, received ",
    );
  }
  await assertRejects(() => obs.shutdown({ close: {} as never }), TypeError, "close must be a fun");
  const misspelt = { drain: 1 } as object;
  await assertRejects(() => obs.shutdown(misspelt), TypeError, `there is no option "drain"`);
  assertEquals(await statuses(), [200, 200, 200]);
  await obs.shutdown();
  await assertRejects(() => started({ exitHooks: { drainMs: -1 } }), RangeError, "drainMs");
});

Deno.test("a signal of the process drains, closes and ends; nothing left to do only ends", async () => {
  for (const event of ["SIGTERM", "beforeExit"]) {
    using timers = holdTimers();
    using process = fakeProcess();
    let calls = 0;
    const { obs, totals, statuses } = await started({
      exitHooks: { drainMs: DRAIN_MS, close: () => void calls++ },
    });
    process.emit(event);
    if (event === "SIGTERM") {
      const drain = await drainOf(timers);
      assertEquals([await statuses(), calls], [[503, 200, 200], 0]);
      obs.bus.publish("order", { total: 1 });
      drain.fire();
    }
    const isSignal = event === "SIGTERM";
    while (process.heard().length > 0) await nextTurn();
    while (isSignal && process.codes.length === 0) await nextTurn();
    await obs.shutdown();
    assertEquals([totals, calls, process.codes], isSignal ? [[1], 1, [143]] : [[], 0, []]);
  }
});

Deno.test("a second signal ends the drain with the process", async () => {
  using timers = holdTimers();
  using process = fakeProcess();
  const { obs } = await started({ exitHooks: { drainMs: DRAIN_MS } });
  process.emit("SIGTERM");
  const drain = await drainOf(timers);
  assertEquals(process.codes, []);
  process.emit("SIGINT");
  assertEquals(process.codes, [130]);
  drain.fire();
  await obs.shutdown();
});

Deno.test("a service whose observability is disabled ends the same way", async () => {
  using timers = holdTimers();
  using process = fakeProcess();
  let calls = 0;
  const obs = await startObservability({
    enabled: false,
    exitHooks: { drainMs: DRAIN_MS, close: () => void calls++ },
    env: () => undefined,
  });
  const ready = async () => {
    const response = await obs.handler(new Request("http://localhost/readyz"));
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await ready(), 200);
  process.emit("SIGTERM");
  const drain = await drainOf(timers);
  assertEquals([await ready(), calls], [503, 0]);
  drain.fire();
  while (process.codes.length === 0) await nextTurn();
  assertEquals(process.heard(), []);
  assertEquals([calls, process.codes], [1, [143]]);
});
