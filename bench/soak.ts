// deno-lint-ignore-file no-console -- it prints its results
/**
 * A minute of everything at once: overload, throwing and rejecting subscribers, re-entrant
 * publishing, losses, random starts and stops. The ledger must be exact at every look and at the
 * end, and no event may be counted twice or not at all.
 *
 * Run it with `deno task soak`, or for N seconds with `deno task soak N`.
 *
 * @module
 */
import { EventBus, type OverflowPolicy } from "@busbar/busbar";

const seconds = Number(Deno.args[0] ?? 60);
if (!(seconds > 0)) {
  console.error(
    `The number of seconds must be above 0, received ${JSON.stringify(Deno.args[0])}`,
  );
  Deno.exit(2);
}

const policies: OverflowPolicy[] = ["drop-newest", "drop-oldest", "inline"];

async function soak(overflow: OverflowPolicy, until: number): Promise<string> {
  const bus = new EventBus({
    overflow,
    maxQueueSize: 500,
    logger: { warn() {} },
  }).start();
  let published = 0;
  let heard = 0;
  const publish = () => {
    published++;
    bus.publish(`type ${published % 7}`);
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
  let restarts = 0;
  while (performance.now() < until) {
    const burst = Math.random() * 2_000;
    for (let i = 0; i < burst; i++) publish();
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
  if (heard !== delivered) {
    throw new Error(`${heard} events were heard, ${delivered} delivered`);
  }
  const lost = published - accepted + dropped.evicted + dropped.shutdown;
  return `${overflow}: ${published} published, ${delivered} delivered, ${lost} lost ` +
    `(${JSON.stringify({ ...rejected, ...dropped })}), ${restarts} restarts`;
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

const until = performance.now() + seconds * 1_000;
for (
  const line of await Promise.all(policies.map((policy) => soak(policy, until)))
) {
  console.log(line);
}
