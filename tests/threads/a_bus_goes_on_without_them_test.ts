import { assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface Events {
  "hit": undefined;
}
const { catalog, counter } = declare<Events>();
const hits = catalog({ metrics: { "hits": counter("hit") } });

const start = (bus?: EventBus<Events>) =>
  startObservability<Events>({
    bus,
    catalog: hits,
    serviceName: "threads-test-bus-goes-on",
    threads: true,
    server: false,
    runtimeMetrics: false,
    env: () => undefined,
    logger: { warn: () => {} },
  });

/** The ledger of all, and how often it hit, once as many threads have ended. */
async function ledgerOf(reader: Awaited<ReturnType<typeof start>>, dead: number) {
  for (;;) {
    const scrape = await reader.scrape();
    const valueOf = (series: string) =>
      Number(scrape.split("\n").find((line) => line.startsWith(`${series} `))?.split(" ")[1]);
    if (valueOf('busbar_threads{state="dead"}') === dead) {
      return {
        hits: valueOf("hits_total"),
        published: valueOf("busbar_event_bus_published_events_total"),
        delivered: valueOf("busbar_event_bus_delivered_events_total"),
        queueFull: valueOf('busbar_event_bus_lost_events_total{reason="queue_full"}'),
        threadLost: valueOf('busbar_event_bus_lost_events_total{reason="thread_lost"}'),
      };
    }
    await delay(10);
  }
}

Deno.test("what a bus publishes that somebody else has wrapped is not lost with the threads it has left", async () => {
  await using reader = await start();
  await using bus = new EventBus<Events>().start();
  const obs = await start(bus);
  const { publish } = bus;
  bus.publish = ((...args: Parameters<typeof publish>) => publish.apply(bus, args)) as never;
  bus.publish("hit");
  await obs.shutdown();
  for (let i = 0; i < 3; i++) bus.publish("hit");
  await bus.flush();
  assertEquals(await ledgerOf(reader, 1), {
    hits: 1,
    published: 1,
    delivered: 1,
    queueFull: 0,
    threadLost: 0,
  });
});

Deno.test("a bus that is observed again counts nothing twice", async () => {
  await using reader = await start();
  const logger = { warn: () => {} };
  await using bus = new EventBus<Events>({ maxQueueSize: 4, logger }).start();
  for (let dead = 1; dead <= 3; dead++) {
    await using _ = await start(bus);
    for (let i = 0; i < 5; i++) bus.publish("hit");
    await bus.flush();
  }
  assertEquals(await ledgerOf(reader, 3), {
    hits: 12,
    published: 15,
    delivered: 12,
    queueFull: 3,
    threadLost: 0,
  });
});
