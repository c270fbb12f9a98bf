import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { startObservability } from "@busbar/busbar/observability";
import { hits } from "../support/programs/observed_thread.ts";

const PROGRAM = new URL("../support/programs/observed_thread.ts", import.meta.url);
const WORKERS = 2;
const serviceName = "threads-test-workers";

/** The sum of a family's series. */
function sumOf(scrape: string, family: string): number {
  return scrape.split("\n").filter((line) => line.startsWith(family))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

Deno.test("what workers have counted is scraped from another thread, also when they are terminated", async () => {
  const { onmessage } = globalThis as { onmessage?: unknown };
  assertEquals(onmessage ?? undefined, undefined);
  await using obs = await startObservability({
    catalog: hits,
    serviceName,
    threads: true,
    prometheus: { enabled: false },
    env: () => undefined,
    logger: { warn: () => {} },
  });
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(PROGRAM, { type: "module" });
    const truth = new SharedArrayBuffer(8);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ serviceName, truth });
    return { worker, truth: new Float64Array(truth), counting: promise };
  });
  await Promise.all(workers.map(({ counting }) => counting));
  const truth = () => workers.reduce((sum, { truth: [accepted] }) => sum + (accepted as number), 0);
  obs.bus.publish("hit", { route: "/main" });
  // They meet.
  let last = 0;
  for (let met = false; !met;) {
    const scrape = await obs.scrape();
    met = scrape.includes(`busbar_threads{state="alive"} ${WORKERS + 1}\n`);
    const sum = sumOf(scrape, "hits_total");
    assert(sum >= last, "it fell");
    last = sum;
    await delay(10);
  }
  for (const { worker } of workers) worker.terminate();
  // Whether they have ended nobody says: they count until they have.
  let scrape = await obs.scrape();
  const published = () => sumOf(scrape, "busbar_event_bus_published_events_total");
  for (let earlier = NaN; published() !== truth() + 1 || earlier !== truth();) {
    earlier = truth();
    await delay(30);
    scrape = await obs.scrape();
  }
  const delivered = sumOf(scrape, "busbar_event_bus_delivered_events_total");
  assertEquals(sumOf(scrape, "hits_total"), delivered);
  assert(delivered >= last && delivered <= published());
});
