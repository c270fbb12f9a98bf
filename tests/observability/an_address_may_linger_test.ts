import { assertEquals, assertRejects } from "@std/assert";
import { AddressInUseError } from "@busbar/busbar/http";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { clocks } from "../../src/internal/clocks.ts";
import { freePort, serve } from "../support/loopback.ts";
import { steeredTime } from "../support/steered_time.ts";

/** Which timers are the pauses between two tries: deadlines are shorter, if it is too late, or longer. */
const PAUSES_MS = { min: 10, max: 90 };

/** Has these timers of the package wait for the test, and tells it of them. */
function heldTimers() {
  const { setTimeout: real } = clocks;
  const waiting: (() => void)[] = [];
  let set = () => {};
  clocks.setTimeout = (callback, delayMs) => {
    if (delayMs < PAUSES_MS.min || delayMs > PAUSES_MS.max) return real(callback, delayMs);
    waiting.push(callback);
    set();
    // It does not come; what cancels it is free to.
    return real(() => {}, delayMs);
  };
  return {
    /** Resolves once there is one that waits. */
    someWait: () =>
      new Promise<void>((resolve) => {
        set = resolve;
        if (waiting.length > 0) resolve();
      }),
    go: () => waiting.splice(0).forEach((callback) => callback()),
    [Symbol.dispose]: () => {
      clocks.setTimeout = real;
    },
  };
}

const start = (port: number, signal?: AbortSignal, serviceName = "shop") =>
  startObservability({
    serviceName,
    env: () => undefined,
    logger: new MemoryLogger(),
    runtimeMetrics: false,
    prometheus: { port },
    signal,
  });

Deno.test("an address that somebody gives up a moment later is listened to", async () => {
  await using holder = await serve(() => new Response());
  const { port } = holder;
  using timers = heldTimers();
  const started = start(port);
  await timers.someWait();
  await holder[Symbol.asyncDispose]();
  timers.go();
  const obs = await started;
  timers[Symbol.dispose]();
  assertEquals(obs.metricsUrl, `http://127.0.0.1:${port}/metrics`);
  await obs.shutdown();
});

Deno.test("after a second it is an error that says which address it is", async () => {
  await using holder = await serve(() => new Response());
  using time = steeredTime();
  using timers = heldTimers();
  let isOver = false;
  const started = start(holder.port).finally(() => isOver = true);
  const error = assertRejects(() => started, AddressInUseError);
  await timers.someWait();
  time.pass(999);
  timers.go();
  await timers.someWait();
  assertEquals(isOver, false);
  time.pass(1);
  timers.go();
  assertEquals((await error).message, `Cannot serve metrics: 127.0.0.1:${holder.port} is in use`);
});

Deno.test("another service of this process is not waited for", async () => {
  const port = await freePort();
  const shop = await start(port);
  using timers = heldTimers();
  const refused = assertRejects(() => start(port, undefined, "stock"), AddressInUseError);
  const waits = timers.someWait().then(() => Promise.reject(new Error("it waits")));
  await Promise.race([refused, waits]);
  timers[Symbol.dispose]();
  await shop.shutdown();
});

Deno.test("a signal ends the wait", async () => {
  await using holder = await serve(() => new Response());
  using timers = heldTimers();
  const controller = new AbortController();
  const started = assertRejects(() => start(holder.port, controller.signal), Error, "given up");
  await timers.someWait();
  controller.abort(new Error("given up"));
  await started;
});

Deno.test("where threads have one, its being taken is told before the start is over", async () => {
  await using holder = await serve(() => new Response());
  const logger = new MemoryLogger();
  const obs = await startObservability({
    env: () => undefined,
    logger,
    threads: true,
    prometheus: { port: holder.port },
  });
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(logger.lines, [
    `busbar: Cannot serve metrics: 127.0.0.1:${holder.port} is in use: by another process, or by a ` +
    "thread that hangs; it is tried again",
    "busbar: metrics at no port yet; spans are off; no log records are declared",
  ]);
  await obs.shutdown();
});
