// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Two threads with one port, which the argument names. The one that serves it is terminated. It prints,
 * as JSON, what was scraped at the port before and afterwards: the hits, and how many threads are alive.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import process from "node:process";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

const { catalog, counter } = declare<{ "hit": undefined }>();
const port = Number(isMainThread ? process.argv[2] : workerData);
const start = async () => {
  const obs = await startObservability({
    catalog: catalog({ metrics: { "hits": counter("hit") } }),
    serviceName: "port_of_threads",
    threads: { name: isMainThread ? "main" : "worker" },
    prometheus: { port },
    runtimeMetrics: false,
    env: () => undefined,
    logger: { warn: () => {} },
  });
  obs.bus.publish("hit");
  await obs.flush();
  return obs;
};

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: port });
  await new Promise((resolve) => worker.once("message", resolve));
  const obs = await start();
  /** What is scraped at the port, once it is as expected. */
  const scraped = async (isExpected: (text: string) => boolean): Promise<unknown> => {
    for (;;) {
      const headers = { connection: "close" };
      const text = await fetch(obs.metricsUrl!, { headers }).then(
        (answer) => answer.text(),
        () => "",
      );
      if (isExpected(text)) return /^hits_total (\d+)/m.exec(text)?.[1];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  // Both know each other.
  while (!(await obs.scrape()).includes('busbar_threads{state="alive"} 2\n')) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const before = await scraped((text) => text.includes('busbar_threads{state="alive"} 2\n'));
  await worker.terminate();
  const afterwards = await scraped((text) => text.includes('busbar_threads{state="alive"} 1\n'));
  console.log(JSON.stringify({ before, afterwards, metricsUrl: obs.metricsUrl }));
  await obs.shutdown();
} else {
  await start();
  parentPort!.on("message", () => {});
  parentPort!.postMessage("serving");
}
