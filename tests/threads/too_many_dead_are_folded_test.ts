import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MAX_DEAD_MEMORIES } from "../../src/threads/shared_metrics.ts";

interface Events {
  "hit": { route: string };
}
const { catalog, counter } = declare<Events>();
const hits = catalog({
  metrics: {
    "hits": counter("hit", {
      attributes: ({ metadata: { route } }) => ({ route }),
      maxAttributeSets: 20,
    }),
  },
});

const start = () =>
  startObservability<Events>({
    catalog: hits,
    serviceName: "threads-test-fold",
    threads: true,
    prometheus: { enabled: false },
    runtimeMetrics: false,
    env: () => undefined,
    logger: { warn: () => {} },
  });

const valueOf = (scrape: string, series: string) =>
  Number(scrape.split("\n").find((line) => line.startsWith(`${series} `))?.split(" ")[1] ?? 0);

Deno.test("what more ended threads have counted than are kept is taken over: nobody sees a fall", async () => {
  await using reader = await start();
  const ended = MAX_DEAD_MEMORIES + 2;
  const known = (scrape: string) => valueOf(scrape, 'busbar_threads{state="dead"}');
  const ending = await Promise.all(Array.from({ length: ended }, async (_, i) => {
    const one = await start();
    one.bus.publish("hit", { route: `/${i % 3}` });
    await one.flush();
    return one;
  }));
  // Whoever ends before anybody has met it takes its counts along.
  while (valueOf(await reader.scrape(), 'busbar_threads{state="alive"}') <= ended) await delay(10);
  await Promise.all(ending.map((one) => one.shutdown()));
  let last = 0;
  for (;;) {
    const scrape = await reader.scrape();
    const sum = [0, 1, 2].reduce((sum, i) => sum + valueOf(scrape, `hits_total{route="/${i}"}`), 0);
    assert(sum >= last, `it fell from ${last} to ${sum}`);
    last = sum;
    if (sum === ended && known(scrape) <= MAX_DEAD_MEMORIES) break;
    await delay(20);
  }
  await using late = await start();
  for (;;) {
    const scrape = await late.scrape();
    if (known(scrape) > 0 && valueOf(scrape, 'hits_total{route="/0"}') === ended / 3) {
      const delivered = valueOf(scrape, "busbar_event_bus_delivered_events_total");
      assertEquals(delivered, ended);
      break;
    }
    await delay(20);
  }
});
