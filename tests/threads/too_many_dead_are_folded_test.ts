import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { BEAT_MS } from "../../src/threads/membership/join_threads.ts";
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

const start = (serviceName = "threads-test-fold", declared = hits) =>
  startObservability<Events>({
    catalog: declared,
    serviceName,
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

Deno.test("however fast threads end, those beyond the ones that are kept are taken over", async () => {
  await using reader = await start("threads-test-fold-fast");
  const ended = MAX_DEAD_MEMORIES + 100;
  const scrapeAll = async () => {
    const scrape = await reader.scrape();
    assertEquals(valueOf(scrape, 'hits_total{route="/"}'), ended);
    return valueOf(scrape, 'busbar_threads{state="dead"}');
  };
  const startedMs = performance.now();
  for (let i = 0; i < ended; i++) {
    await using one = await start("threads-test-fold-fast");
    one.bus.publish("hit", { route: "/" });
  }
  while (valueOf(await reader.scrape(), 'hits_total{route="/"}') < ended) await delay(10);
  while (await scrapeAll() > MAX_DEAD_MEMORIES) await delay(20);
  // At one a heartbeat more would end than there is room for.
  const takenMs = performance.now() - startedMs;
  assert(takenMs < 90 * BEAT_MS, `it took ${takenMs} ms`);
});

Deno.test("of catalogs that no thread has any more, no more dead are kept", async () => {
  await using reader = await start("threads-test-fold-others");
  const known = async () => valueOf(await reader.scrape(), 'busbar_threads{state="dead"}');
  for (let i = 0; i < MAX_DEAD_MEMORIES + 10; i++) {
    const metrics = { [`hits.${i}`]: counter("hit", { maxAttributeSets: 20 }) };
    await using _ = await start("threads-test-fold-others", catalog({ metrics }));
  }
  while (await known() < MAX_DEAD_MEMORIES) await delay(10);
  // They come in at once, and leave with a heartbeat.
  for (let scrapes = 0; await known() > MAX_DEAD_MEMORIES; scrapes++) {
    assert(scrapes < 500, "they stay");
    await delay(20);
  }
});
