import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { ManualClock } from "@busbar/busbar/testing";
import { runModule } from "../support/processes.ts";
import { nextTurn, ONE_SLICE_MS, quietBus } from "../support/quiet_bus.ts";

Deno.test("a handler that publishes again, after an await or not, lets timers run", async () => {
  for (const pause of [undefined, null]) {
    const bus = new EventBus({ drainBudgetMs: 1 }).start();
    let timerFired = false;
    let republished = 0;
    bus.subscribe("a", async () => {
      if (pause === null) await null;
      if (timerFired) return;
      republished++;
      bus.publish("a");
    });
    bus.publish("a");
    await nextTurn();
    timerFired = true;
    await bus.stop();
    assert(republished > 0);
  }
});

Deno.test("the budget of the bus's clock ends a slice, and what is left goes on in a later turn", async () => {
  const clock = new ManualClock();
  const bus = new EventBus({ clock: clock.now, drainBudgetMs: 4 }).start();
  const seen: number[] = [];
  bus.subscribe("a", (event) => {
    clock.advance(5);
    seen.push(event.metadata);
  });
  for (let i = 0; i < 3; i++) bus.publish("a", i);
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(seen, [0]);
  await bus.stop();
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("a frozen clock hangs nothing", async () => {
  const { bus } = quietBus({ clock: () => 0, drainBudgetMs: 4 });
  bus.start();
  let going = true;
  bus.subscribe("a", async () => {
    await null;
    if (going) bus.publish("a");
  });
  bus.publish("a");
  await nextTurn();
  going = false;
  assertEquals((await bus.stop()).timedOut, false);
});

Deno.test("onDrain is called once a slice", async () => {
  const bus = new EventBus({ drainBudgetMs: ONE_SLICE_MS }).start();
  const { RecordingSubscriber } = await import("@busbar/busbar/testing");
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  for (let i = 0; i < 10; i++) bus.publish("a");
  await bus.flush();
  assertEquals([recorder.events.length, recorder.calls.onDrain], [10, 1]);
  await bus.stop();
});

Deno.test("an async handler with too many calls pending is skipped, counted, and the others go on", async () => {
  const { bus } = quietBus({ maxInFlight: 2 });
  bus.start();
  const waiting: (() => void)[] = [];
  let others = 0;
  bus.subscribe("a", function slow() {
    return new Promise<void>((resolve) => waiting.push(resolve));
  });
  bus.subscribe("a", () => others++);
  for (let i = 0; i < 5; i++) bus.publish("a");
  await nextTurn();
  assertEquals([waiting.length, others], [2, 5]);
  assertEquals({ ...bus.stats().skippedBySubscriber }, { slow: 3 });
  for (const resolve of waiting) resolve();
  await bus.stop();
});

Deno.test("handlers that hold the event loop are found and named", async () => {
  // A busy machine may stop a process for longer than a few milliseconds, in the quick one too.
  const { bus, lines } = quietBus({ drainBudgetMs: 40 });
  bus.start();
  bus.subscribe("a", function quick() {});
  bus.subscribe("a", function slow() {
    const until = performance.now() + 50;
    while (performance.now() < until);
  });
  for (let i = 0; i < 4; i++) bus.publish("a");
  await bus.stop();
  const { slow = 0, ...others } = bus.slowHandlerCounts();
  // The first one may be hidden among others: it is what makes the bus look closer.
  assert(slow >= 1 && slow <= 4, `${slow}`);
  assertEquals(others, {});
  assertMatch(lines[0] ?? "", /slow held the event loop for \d+\.\d ms/);
});

/** Runs a script that may import the core, in a process where nothing has loaded it yet. */
async function runFresh(script: string): Promise<string> {
  const core = JSON.stringify(new URL("../../mod.ts", import.meta.url));
  const { stdout, stderr } = await runModule(`const core = ${core};${script}`);
  return stdout + stderr;
}

for (const channel of ["a MessageChannel", "no MessageChannel either"]) {
  Deno.test(`where there is no setImmediate but ${channel}, timers run between slices`, async () => {
    const printed = await runFresh(`
      delete globalThis.setImmediate;
      ${channel === "a MessageChannel" ? "" : "delete globalThis.MessageChannel;"}
      const { EventBus } = await import(core);
      const bus = new EventBus({ drainBudgetMs: 1, logger: { warn() {} } }).start();
      let timers = 0, republishing = true;
      bus.subscribe("a", () => { if (republishing) bus.publish("a"); });
      bus.publish("a");
      await new Promise((resolve) => {
        const timer = setInterval(() => { if (++timers === 20) { clearInterval(timer); resolve(); } }, 1);
      });
      republishing = false;
      const { timedOut } = await bus.stop();
      console.log(timers, timedOut);
      process.exit();
    `);
    assertEquals(printed, "20 false\n");
  });
}

Deno.test("where messages are served before timers, every eighth turn is a timer's", async () => {
  const printed = await runFresh(`
    delete globalThis.setImmediate;
    let messages = 0;
    // The worst of channels: as long as there are messages, nothing else has a turn.
    globalThis.MessageChannel = class {
      port1 = {};
      port2 = { postMessage: () => { messages++; queueMicrotask(() => this.port1.onmessage()); } };
    };
    const { EventBus } = await import(core);
    const bus = new EventBus({ drainBudgetMs: 0.001, logger: { warn() {} } }).start();
    let messagesAtTimer;
    setTimeout(() => messagesAtTimer = messages, 0);
    await new Promise((resolve) => {
      bus.subscribe("a", () => {
        if (messagesAtTimer === undefined && messages < 1_000) bus.publish("a");
        else resolve();
      });
      bus.publish("a");
    });
    const { timedOut } = await bus.stop();
    console.log(messagesAtTimer > 0 && messagesAtTimer < 1_000, timedOut);
    process.exit();
  `);
  assertEquals(printed, "true false\n");
});
