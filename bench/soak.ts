// deno-lint-ignore-file no-console -- it prints its results
/**
 * A minute of everything at once: overload and events one at a time, throwing and rejecting
 * subscribers, slow and async ones, code that lies about itself, re-entrant publishing, a clock that
 * jumps, losses, random starts and stops. The ledger must be exact at every look and at the end, no
 * event may be counted twice or not at all, and memory must be flat.
 *
 * Run it with `deno task soak`, or for N seconds with `deno task soak N`.
 *
 * @module
 */
import { EventBus, type OverflowPolicy, type PublishInit } from "@busbar/busbar";
import { collectGarbage } from "./measure.ts";

/** What a minute may leave in memory, in bytes. */
const MAX_GROWTH_BYTES = 8_000_000;

const fail = (): never => {
  throw new Error("hostile");
};

/** What is handed over with an event, none of it as it should be. */
const INITS: readonly PublishInit[] = [
  {
    get sessionId(): string {
      return fail();
    },
  },
  { timestamp: NaN, sessionId: "s".repeat(1_000) },
  { timestamp: new Date(0), operationId: "o", traceparent: "none" },
  new Proxy({}, { get: fail }),
];

/** What an async handler gives back, none of it as it should be. */
const RESULTS: readonly (() => unknown)[] = [
  () => ({ then: fail }),
  () => ({ then: (done: () => void) => (done(), done()) }),
  () => Object.assign(Promise.resolve(), { then: fail }),
  () => new Proxy({}, { has: fail }),
  () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5)),
];

const seconds = Number(Deno.args[0] ?? 60);
if (!(seconds > 0)) {
  console.error(
    `The number of seconds must be above 0, received ${JSON.stringify(Deno.args[0])}`,
  );
  Deno.exit(2);
}

const policies: OverflowPolicy[] = ["drop-newest", "drop-oldest", "inline"];

async function soak(overflow: OverflowPolicy, until: number): Promise<string> {
  let reads = 0;
  const bus = new EventBus({
    overflow,
    maxQueueSize: 500,
    maxInFlight: 50,
    // Now and then it jumps, throws, or says what is no time.
    clock: () => {
      reads++;
      return reads % 1_000 === 0 ? fail() : reads % 700 === 0 ? NaN : Date.now() + (reads % 300);
    },
    logger: { warn: async () => await fail() },
  }).start();
  let published = 0;
  let heard = 0;
  const publish = () => {
    published++;
    const init = Math.random() < 0.1 ? INITS[published % INITS.length] : undefined;
    bus.publish(`type ${published % 9}`, published, init);
  };
  bus.subscribeAll(() => void heard++);
  bus.subscribe("type 1", () => {
    throw new Error("thrown");
  });
  bus.subscribe("type 2", async () => {
    await null;
    throw new Error("rejected");
  });
  bus.subscribe("type 3", () => {
    if (Math.random() < 0.5) publish();
  });
  bus.subscribe("type 4", async () => {
    await null;
    if (Math.random() < 0.5) publish();
  });
  bus.addEventListener("type 5", () => {
    throw new Error("thrown by a listener");
  });
  let calls = 0;
  bus.subscribe(
    "type 6",
    Object.defineProperty(() => RESULTS[calls++ % RESULTS.length]!(), "name", {
      get: fail,
    }),
  );
  bus.subscribe("type 7", async () => {
    await null;
    await null;
    if (Math.random() < 0.01) spin(1);
  });
  for (let i = 0; i < 10; i++) {
    bus.subscribe("type 8", () => void (calls % 100 === 0 && spin(0.5)));
  }
  let restarts = 0;
  while (performance.now() < until) {
    if (Math.random() < 0.5) {
      const burst = Math.random() * 2_000;
      for (let i = 0; i < burst; i++) publish();
    } else {
      for (let i = 0; i < 100; i++) {
        publish();
        await null;
      }
    }
    check(bus, published);
    const dice = Math.random();
    if (dice < 0.05) await bus.flush({ timeoutMs: 20 });
    else if (dice < 0.08) {
      const stopping = bus.stop({ timeoutMs: Math.random() * 5 });
      publish();
      if (Math.random() < 0.5) await stopping;
      restarts++;
      bus.start();
    } else if (dice < 0.5) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    } else await null;
    check(bus, published);
  }
  await bus.stop();
  check(bus, published);
  const { delivered, pending, accepted, rejected, dropped } = bus.stats();
  if (pending !== 0) {
    throw new Error(`${pending} events are pending after stop`);
  }
  // A stop that times out may cut an event short between its handlers: dropped, though some heard it.
  const cutShort = heard - delivered;
  if (cutShort < 0 || cutShort > restarts) {
    throw new Error(`${heard} events were heard, ${delivered} delivered`);
  }
  const lost = published - accepted + dropped.evicted + dropped.shutdown;
  return `${overflow}: ${published} published, ${delivered} delivered, ${lost} lost ` +
    `(${JSON.stringify({ ...rejected, ...dropped })}), ${restarts} restarts`;
}

/** Holds the event loop. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** What is in memory, once all that nobody holds is gone. */
async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  return Deno.memoryUsage().heapUsed;
}

function check(bus: EventBus, published: number): void {
  const stats = bus.stats();
  const { accepted, rejected, delivered, dropped, pending } = stats;
  const refused = rejected.queue_full + rejected.stopped + rejected.reserved;
  const settled = delivered + dropped.evicted + dropped.shutdown + pending;
  if (
    stats.published !== published || published !== accepted + refused ||
    accepted !== settled
  ) {
    throw new Error(
      `The ledger is wrong: ${published} published, ${JSON.stringify(stats)}`,
    );
  }
}

const all = (forMs: number) => {
  const until = performance.now() + forMs;
  return Promise.all(policies.map((policy) => soak(policy, until)));
};
// Once before, so that what is compiled and kept for good is not taken for growth.
await all(1_000);
const before = await heapBytes();
for (const line of await all(seconds * 1_000)) console.log(line);
const grownBytes = await heapBytes() - before;
console.log(`memory has grown by ${(grownBytes / 1e6).toFixed(1)} MB`);
if (grownBytes > MAX_GROWTH_BYTES) {
  throw new Error(`Memory is not flat: it has grown by ${grownBytes} bytes`);
}
