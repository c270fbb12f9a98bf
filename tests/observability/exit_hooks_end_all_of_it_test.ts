import { assertEquals } from "@std/assert";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { fakeProcess } from "../support/fake_process.ts";
import { nextTurn } from "../support/quiet_bus.ts";

/** Observability that ends with the process, and how many events have been handled. */
async function hooked() {
  const handled: number[] = [];
  const obs = await startObservability<{ order: { total: number } }>({
    env: () => undefined,
    logger: new MemoryLogger(),
    prometheus: { enabled: false },
    exitHooks: { signals: ["SIGTERM"] },
  });
  obs.bus.subscribe("order", ({ metadata }) => void handled.push(metadata.total));
  return { obs, handled };
}

Deno.test("an exit delivers what is queued, synchronously", async () => {
  using process = fakeProcess();
  const { obs, handled } = await hooked();
  obs.bus.publish("order", { total: 1 });
  process.emit("exit");
  assertEquals(handled, [1]);
  await obs.shutdown();
});

Deno.test("a signal, or nothing left to do, shuts all of it down", async () => {
  for (const event of ["SIGTERM", "beforeExit"]) {
    using process = fakeProcess();
    const { obs, handled } = await hooked();
    obs.bus.publish("order", { total: 1 });
    process.emit(event);
    while (process.heard().length > 0) await nextTurn();
    assertEquals(handled, [1]);
    assertEquals(obs.bus.publish("order", { total: 2 }), false);
    await obs.shutdown();
    assertEquals(process.codes, event === "SIGTERM" ? [143] : []);
  }
});

Deno.test("what fails at a signal is told once", async () => {
  using process = fakeProcess();
  const logger = new MemoryLogger();
  const obs = await startObservability({
    env: () => undefined,
    logger,
    prometheus: { enabled: false },
    exitHooks: { signals: ["SIGTERM"], close: () => Promise.reject(new Error("busy")) },
  });
  process.emit("SIGTERM");
  while (process.codes.length === 0) await nextTurn();
  assertEquals(
    logger.lines.filter((line) => line.includes("busy")).map((line) =>
      line.split("busy").length - 1
    ),
    [1],
  );
  await obs.shutdown().catch(() => {});
});

Deno.test("a shutdown removes the hooks, and without the option there are none", async () => {
  using process = fakeProcess();
  const { obs } = await hooked();
  assertEquals(process.heard(), ["SIGTERM", "beforeExit", "exit", "uncaughtExceptionMonitor"]);
  await obs.shutdown();
  assertEquals(process.heard(), []);
  await using _unhooked = await startObservability({
    env: () => undefined,
    logger: new MemoryLogger(),
    prometheus: { enabled: false },
  });
  assertEquals(process.heard(), []);
});
