import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, type KvCacheOptions, registerKvCache } from "@busbar/busbar/kv-cache";
import { MemoryLogger } from "@busbar/busbar/testing";
import { example } from "../support/kv_cache_events.ts";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";
import { steeredTime } from "../support/steered_time.ts";
import { holdTimers } from "../support/watched_timers.ts";
import { T0 } from "../support/tracing_bus.ts";

function reported(options: Partial<KvCacheOptions> = {}) {
  const lines: string[] = [];
  const logger = new MemoryLogger();
  const bus = new EventBus<KvCacheEvents>({ logger, drainBudgetMs: ONE_SLICE_MS }).start();
  const registration = registerKvCache(bus, {
    transferReport: { write: (line) => void lines.push(line) },
    logger,
    ...options,
  });
  return {
    bus,
    lines,
    registration,
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
    store(key: string, from: number | undefined, to: number, fields: object = {}) {
      const metadata = example("mp.store.end", { transferKey: key, ...fields });
      if (from !== undefined) bus.publish("mp.store.start", metadata, { timestamp: T0 + from });
      bus.publish("mp.store.end", metadata, { timestamp: T0 + to });
    },
  };
}

/** The report's own timer; those of spans and metrics are longer. */
const due = (timers: ReturnType<typeof holdTimers>) =>
  timers.waiting.filter(({ delayMs }) => delayMs === 10_000).at(-1)?.fire();

const microtasks = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("each device has two lines: the last window's and that since the start", async () => {
  using time = steeredTime();
  using timers = holdTimers();
  const kv = reported();
  await microtasks();
  kv.store("1", 0, 2);
  kv.store("2", 0, 4, { numTokens: 256 });
  const retrieve = example("mp.retrieve.end", { device: "cuda:1" });
  kv.bus.publish("mp.retrieve.end", retrieve);
  await kv.bus.flush();
  time.pass(10_000);
  due(timers);
  // 3 MB twice in 6 ms; the retrieve's start is not known.
  const none = "0 times, 0 tokens, 0.000 GB at n/a";
  assertEquals(kv.lines, [
    `cuda:0, last 10.0 s: stored 2 times, 1024 tokens, 0.006 GB at 1.000 GB/s; retrieved ${none}`,
    `cuda:0, since the start: stored 2 times, 1024 tokens, 0.006 GB at 1.000 GB/s; retrieved ${none}`,
    `cuda:1, last 10.0 s: stored ${none}; retrieved 1 times, 768 tokens, 0.003 GB at n/a`,
    `cuda:1, since the start: stored ${none}; retrieved 1 times, 768 tokens, 0.003 GB at n/a`,
  ]);
  kv.lines.length = 0;
  kv.store("3", 10, 11);
  await kv.bus.flush();
  time.pass(5_500);
  await kv.bus.stop();
  assertEquals(kv.lines, [
    `cuda:0, last 5.5 s: stored 1 times, 768 tokens, 0.003 GB at 3.000 GB/s; retrieved ${none}`,
    `cuda:0, since the start: stored 3 times, 1792 tokens, 0.009 GB at 1.286 GB/s; retrieved ${none}`,
  ]);
  // It is over.
  due(timers);
  assertEquals(kv.lines.length, 2);
});

Deno.test("a start of more than a minute ago, a failure and a clock that went back are not timed", async () => {
  using timers = holdTimers();
  await using kv = reported();
  await microtasks();
  kv.store("1", 0, 60_001);
  kv.store("2", 5, 9, { totalBytes: 0, numTokens: 0 });
  kv.store("3", 5, 4);
  kv.store("4", undefined, 4);
  await kv.bus.flush();
  due(timers);
  const [line = ""] = kv.lines;
  assertEquals(/stored .*?;/.exec(line)?.[0], "stored 4 times, 2304 tokens, 0.009 GB at n/a;");
});

Deno.test("what a publisher says makes no line of its own, and spoils no sum", async () => {
  using timers = holdTimers();
  await using kv = reported();
  await microtasks();
  const device = "cuda:0\nL1: full\r\u001b[31m\u2028";
  kv.store("1", 0, 2, { device, numTokens: "7", totalBytes: -1e9 });
  kv.store("2", 0, 2, { device, numTokens: 8n, totalBytes: Infinity });
  kv.store("3", 0, 2, { device, numTokens: 10, totalBytes: 4e6 });
  await kv.bus.flush();
  due(timers);
  const name = "cuda:0\\nL1: full\\r\\u001b[31m\\u2028";
  const said = "stored 3 times, 10 tokens, 0.004 GB at 2.000 GB/s;";
  assertEquals(kv.lines.map((line) => line.replace(/last [0-9.]+ s/, "last").split(" retr")[0]), [
    `${name}, last: ${said}`,
    `${name}, since the start: ${said}`,
  ]);
  assertEquals({ ...kv.bus.subscriberExceptionCounts() }, {});
});

Deno.test("how full L1 is comes without traffic, on a timer of its own", async () => {
  using timers = holdTimers();
  let used = 2 ** 30;
  await using kv = reported({
    gauges: { l1: () => ({ usedBytes: used, totalBytes: 2 ** 32 }) },
  });
  await microtasks();
  due(timers);
  used = 0;
  await microtasks();
  due(timers);
  assertEquals(kv.lines, [
    "L1: 1.00 of 4.00 GiB used, 25.0 %",
    "L1: 0.00 of 4.00 GiB used, 0.0 %",
  ]);
});

Deno.test("a writer that throws is counted, and stops nothing", async () => {
  using timers = holdTimers();
  await using kv = reported({
    transferReport: {
      write: () => {
        throw new Error("no");
      },
    },
    gauges: { l1: () => ({ usedBytes: 1, totalBytes: 0 }) },
  });
  await microtasks();
  due(timers);
  kv.store("1", 0, 1);
  await kv.bus.flush();
  assertEquals({ ...kv.bus.subscriberExceptionCounts() }, { TransferReport: 1 });
});

Deno.test("who ends the registration ends its timer", async () => {
  using timers = holdTimers();
  const controller = new AbortController();
  for (
    const end of [
      (kv: ReturnType<typeof reported>) => kv.registration[Symbol.dispose](),
      (kv: ReturnType<typeof reported>) => kv.registration.shutdown(),
      () => controller.abort(),
    ]
  ) {
    await using kv = reported({
      signal: controller.signal,
      gauges: { l1: () => ({ usedBytes: 1, totalBytes: 2 }) },
    });
    await microtasks();
    await end(kv);
    const { length } = kv.lines;
    due(timers);
    await microtasks();
    due(timers);
    assertEquals(kv.lines.length, length);
  }
});

Deno.test("options that are none are refused by name", () => {
  const refused = (transferReport: object, message: string, error = TypeError) =>
    assertThrows(
      () => reported({ transferReport: transferReport as { write: () => void } }),
      error,
      message,
    );
  refused({}, "write must be a function");
  refused({ write: () => {}, intervalMs: 0 }, "intervalMs must be", RangeError);
  refused({ write: () => {}, interval: 1 }, '"interval"');
});
