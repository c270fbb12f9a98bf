import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import fc, { runs } from "../support/properties.ts";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";

const CLOCKS: Readonly<Record<string, () => () => number>> = {
  "goes on by the whole budget with each reading": () => {
    let now = 0;
    return () => now += 4;
  },
  "goes on by a day with each reading": () => {
    let now = 0;
    return () => now += 86_400_000;
  },
  "goes back with each reading": () => {
    let now = 1e12;
    return () => now -= 1_000;
  },
  "stands still": () => () => 5,
  "counts seconds": () => () => Date.now() / 1_000,
  "jumps to and fro": () => {
    let reading = 0;
    return () => (reading++ % 2 === 0 ? 1e15 : -1e15);
  },
};

for (const [what, createClock] of Object.entries(CLOCKS)) {
  Deno.test(`everything is delivered with a clock that ${what}`, async () => {
    const bus = new EventBus({ clock: createClock(), logger: new MemoryLogger() }).start();
    let delivered = 0;
    bus.subscribe("a", () => delivered++);
    bus.subscribe("a", async () => {
      await null;
    });
    for (let i = 0; i < 20; i++) bus.publish("a");
    assertEquals(await bus.flush(), true);
    assertEquals([delivered, bus.queueDepth], [20, 0]);
    await bus.stop();
  });
}

Deno.test("any clock delivers everything, in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double(), { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      async (readings, events) => {
        let reading = 0;
        const bus = new EventBus({
          clock: () => readings[reading++ % readings.length]!,
          logger: new MemoryLogger(),
        }).start();
        const seen: number[] = [];
        bus.subscribe("a", ({ metadata }) => seen.push(metadata));
        for (let i = 0; i < events; i++) bus.publish("a", i);
        const { timedOut, delivered } = await bus.stop();
        assertEquals([timedOut, delivered], [false, events]);
        assertEquals(seen, Array.from({ length: events }, (_, i) => i));
      },
    ),
    runs(30),
  );
});

Deno.test("a clock that publishes neither recurses nor overfills the queue", async () => {
  const bus = new EventBus({
    maxQueueSize: 3,
    clock: () => {
      if (bus.stats().accepted < 100) bus.publish("from the clock");
      return 1;
    },
    logger: new MemoryLogger(),
  });
  for (let i = 0; i < 10; i++) {
    bus.publish("a");
    assertEquals(bus.queueDepth <= 3, true, `${bus.queueDepth} of 3`);
  }
  const { published, accepted, rejected } = bus.stats();
  assertEquals(published, accepted + rejected.queue_full);
  await bus.stop();
});

Deno.test("a clock that stops the bus has the event rejected", async () => {
  let stopping: Promise<unknown> | undefined;
  const bus = new EventBus({
    clock: () => {
      stopping ??= bus.stop();
      return 1;
    },
    logger: new MemoryLogger(),
  });
  assertEquals(bus.publish("a"), false);
  await stopping;
  assertEquals([bus.stats().rejected.stopped, bus.stats().pending], [1, 0]);
});

Deno.test("a clock that was ahead once and is set back has losses and failures told as before", async () => {
  let now = 1e12;
  const logger = new MemoryLogger();
  // Put off to another turn, the events would be told of in another order.
  const options = { maxQueueSize: 1, drainBudgetMs: ONE_SLICE_MS };
  const bus = new EventBus({ ...options, clock: () => now, logger }).start();
  bus.subscribe("a", function handler() {
    throw new Error("no");
  });
  const linesOf = async () => {
    logger.lines.length = 0;
    for (let i = 0; i < 2; i++) bus.publish("a");
    await bus.flush();
    return logger.lines.map((line) => /lost|handler failed/.exec(line)?.[0]);
  };
  const both = ["handler failed", "lost"];
  now = 1e15;
  assertEquals((await linesOf()).slice(0, 2).toSorted(), both);
  now = 1e12;
  assertEquals((await linesOf()).slice(0, 2).toSorted(), both);
  // It still backs off.
  now += 500;
  assertEquals((await linesOf()).includes("handler failed"), false);
  await bus.stop();
});
