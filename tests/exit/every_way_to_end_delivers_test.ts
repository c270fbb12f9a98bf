import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";
import { MemoryLogger } from "@busbar/busbar/testing";
import { type Signal, startScript } from "../support/processes.ts";

const ENDING = new URL("../support/programs/ending.ts", import.meta.url);
const SAID = ["said 1", "said 2", "said 3"];

/** Runs the script, and sends it a signal after each of these lines. */
async function end(
  how: string[],
  signals: Readonly<Record<string, Signal>> = {},
): Promise<{ code: number | null; said: string[] }> {
  await using child = startScript(ENDING, how, { permissions: [] });
  for (const [line, signal] of Object.entries(signals)) {
    await child.printed(new RegExp(`${line}\n`));
    child.kill(signal);
  }
  const { code, stdout } = await child.ended;
  return { code, said: stdout.trim().split("\n").filter((line) => line !== "ready") };
}

Deno.test("a script that publishes and ends delivers everything, without hooks too", async () => {
  assertEquals(await end(["end", "none"]), { code: 0, said: SAID });
});

Deno.test("with hooks, the natural end flushes as well", async () => {
  const { code, said } = await end(["end"]);
  assertEquals(code, 0);
  assertEquals(said.slice(0, 4), [...SAID, "flushed"]);
});

Deno.test("exit() delivers and flushes synchronously; without hooks it delivers nothing", async () => {
  const { code, said } = await end(["exit"]);
  assertEquals(code, 7);
  assertEquals(said.slice(0, 4), [...SAID, "flushed synchronously"]);
  assertEquals(await end(["exit", "none"]), { code: 7, said: [""] });
});

for (const how of ["throw", "reject"]) {
  Deno.test(`an uncaught ${how} delivers, flushes synchronously and fails as ever`, async () => {
    const { code, said } = await end([how]);
    assertEquals(code, 1);
    assertEquals(said.slice(0, 4), [...SAID, "flushed synchronously"]);
  });
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} stops the bus, then ends the process`, async () => {
    const ended = await end(["signal"], { ready: signal });
    assertEquals(ended.code, code);
    assertEquals(ended.said.slice(0, 4), [...SAID, "flushed"]);
  });
}

Deno.test("a signal during the natural end's flush does not cut it short", async () => {
  const ended = await end(["late"], { ready: "SIGTERM" });
  assertEquals(ended, { code: 143, said: [...SAID, "flushed"] });
});

Deno.test("a second signal while the bus is stopping ends the process at once", async () => {
  const signals = { ready: "SIGTERM", flushing: "SIGINT" } as const;
  // Longer than the test waits.
  const { code, said } = await end(["stuck", "hooks", "600000"], signals);
  assertEquals([code, said.slice(0, 4)], [130, [...SAID, "flushing"]]);
});

Deno.test("what hangs is waited for until the deadline, and no longer", async () => {
  const { code, said } = await end(["stuck", "hooks", "20"], { ready: "SIGTERM" });
  assertEquals([code, said.slice(0, 4)], [143, [...SAID, "flushing"]]);
});

Deno.test("hooks that were disposed of are gone", async () => {
  const { code, said } = await end(["twice", "none"]);
  assertEquals([code, said], [0, SAID]);
});

Deno.test("a page that is left delivers", () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  using _hooks = installExitHooks(bus, { signals: [] });
  const said: unknown[] = [];
  bus.subscribe("said", (event) => said.push(event.metadata));
  bus.publish("said", 1);
  globalThis.dispatchEvent(new Event("pagehide"));
  assertEquals(said, [1]);
});

Deno.test("hooks are gone once their signal aborts, and not there if it has aborted", () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  // What a process ends with, and what a page does: whichever of the two there is.
  const target = globalThis as Partial<EventTarget> & {
    process?: { listenerCount?(event: string): number };
  };
  const listeners = () => target.process?.listenerCount?.("beforeExit") ?? 0;
  const before = listeners();
  const said: unknown[] = [];
  bus.subscribe("said", (event) => said.push(event.metadata));
  const controller = new AbortController();
  using _hooks = installExitHooks(bus, { signals: [], signal: controller.signal });
  assertEquals(listeners() - before, target.process?.listenerCount === undefined ? 0 : 1);
  controller.abort();
  using _none = installExitHooks(bus, { signals: [], signal: controller.signal });
  assertEquals(listeners(), before);
  bus.publish("said", 1);
  target.dispatchEvent?.(new Event("pagehide"));
  assertEquals(said, []);
});

Deno.test("bad options are refused by name, rule and value; undefined ones are absent", () => {
  const bus = new EventBus();
  installExitHooks(bus, { signals: undefined, timeoutMs: undefined, signal: undefined })
    [Symbol.dispose]();
  assertThrows(
    () => installExitHooks(bus, { timeout: 5 } as never),
    TypeError,
    'Cannot install exit hooks: there is no option "timeout"; did you mean "timeoutMs"?',
  );
  assertThrows(
    () => installExitHooks(bus, { signals: ["SIGKILL" as "SIGINT"] }),
    TypeError,
    'signals must be of SIGHUP, SIGINT, SIGQUIT, SIGTERM, received "SIGKILL"',
  );
  assertThrows(() => installExitHooks(bus, { timeoutMs: -1 }), RangeError, "timeoutMs");
});
