import { assertEquals } from "@std/assert";
import { type ExitSignal, installExitHooks } from "@busbar/busbar/exit";
import { fakeProcess } from "../support/fake_process.ts";
import { spiedSignal } from "../support/spied_signal.ts";
import { steeredTime } from "../support/steered_time.ts";

/** What counts how it is ended. */
function target() {
  const ends: string[] = [];
  return {
    ends,
    stop: () => Promise.resolve(ends.push("stop")),
    flushSync: () => ends.push("flushSync"),
  };
}

Deno.test("each signal stops, then ends the process with 128 and the signal's number", async () => {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };
  for (const [signal, code] of Object.entries(codes)) {
    using process = fakeProcess();
    const bus = target();
    using _hooks = installExitHooks(bus, { signals: [signal as ExitSignal] });
    process.emit(signal);
    assertEquals(process.codes, []);
    await process.exited;
    assertEquals([bus.ends, process.codes], [["stop"], [code]]);
  }
});

Deno.test("a signal that comes again at once is the same one; later, or as another, it ends the process", () => {
  for (
    const [passMs, signal, codes] of [[249, "SIGINT", []], [250, "SIGINT", [130]], [0, "SIGTERM", [
      143,
    ]]] as const
  ) {
    using process = fakeProcess();
    using time = steeredTime();
    const stop = () => new Promise(() => {});
    using _hooks = installExitHooks({ ...target(), stop });
    process.emit("SIGINT");
    time.pass(passMs);
    process.emit(signal);
    assertEquals(process.codes, [...codes]);
  }
});

Deno.test("a process that has nothing left to do twice is stopped once", () => {
  using process = fakeProcess();
  const bus = target();
  using _hooks = installExitHooks(bus);
  process.emit("beforeExit");
  process.emit("beforeExit");
  assertEquals(bus.ends, ["stop"]);
});

for (const event of ["exit", "uncaughtExceptionMonitor"]) {
  Deno.test(`on ${event} what can be delivered synchronously is`, () => {
    using process = fakeProcess();
    const bus = target();
    using _hooks = installExitHooks(bus);
    process.emit(event);
    assertEquals(bus.ends, ["flushSync"]);
  });
}

Deno.test("only the signals that are named are handled, SIGINT and SIGTERM if none are", () => {
  using process = fakeProcess();
  const always = ["beforeExit", "exit", "uncaughtExceptionMonitor"];
  const table: [signals: ExitSignal[] | undefined, heard: string[]][] = [
    [undefined, ["SIGINT", "SIGTERM"]],
    [[], []],
    [["SIGHUP"], ["SIGHUP"]],
  ];
  for (const [signals, heard] of table) {
    const hooks = installExitHooks(target(), { signals });
    assertEquals(process.heard(), [...heard, ...always].sort());
    hooks[Symbol.dispose]();
    assertEquals(process.heard(), []);
  }
});

Deno.test("a signal that outlives the hooks holds nothing of them", () => {
  using process = fakeProcess();
  const { signal, listeners } = spiedSignal();
  const hooks = installExitHooks(target(), { signal });
  assertEquals(listeners(), 1);
  hooks[Symbol.dispose]();
  assertEquals([listeners(), process.heard()], [0, []]);
});

Deno.test("where the signal has aborted nothing is listened to, and the disposable does nothing", () => {
  using process = fakeProcess();
  const hooks = installExitHooks(target(), { signal: AbortSignal.abort() });
  assertEquals(process.heard(), []);
  hooks[Symbol.dispose]();
});

Deno.test("each way to end has the time that the hooks were given, five seconds if none", async () => {
  for (const [timeoutMs, expected] of [[20, 20], [0, 0], [undefined, 5_000]] as const) {
    using process = fakeProcess();
    const given: unknown[] = [];
    const bus = {
      stop: (options: unknown) => Promise.resolve(given.push(options)),
      flushSync: (options: unknown) => given.push(options),
    };
    using _hooks = installExitHooks(bus, { timeoutMs });
    const ways = ["beforeExit", "exit", "uncaughtExceptionMonitor", "SIGTERM"];
    for (const way of ways) process.emit(way);
    // Who is stopped learns by which signal, if it is one.
    assertEquals(given, [
      { timeoutMs: expected },
      { timeoutMs: expected },
      { timeoutMs: expected },
      { timeoutMs: expected, exitSignal: "SIGTERM" },
    ]);
    await process.exited;
  }
});
