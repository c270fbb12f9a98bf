// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Two threads that push deltas. The one that does is terminated while it waits for the response to a
 * request that has arrived. It prints, as JSON, what was counted and received, and whether a thread said
 * that something was in doubt.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

const HITS_A_THREAD = 1_000;
const { catalog, counter } = declare<{ "hit": undefined }>();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param endpoint where it pushes to, if it does */
const start = (endpoint: string | undefined, name: string, warn: (line: string) => void) =>
  startObservability({
    catalog: catalog({ metrics: { "hits": counter("hit") } }),
    serviceName: "deltas_of_threads",
    threads: { name },
    server: false,
    runtimeMetrics: false,
    loggingEnabled: false,
    env: () => undefined,
    logger: { warn },
    ...(endpoint === undefined ? {} : {
      otlp: {
        endpoint,
        protocol: "http/json",
        headers: { "x-thread": name },
        metrics: { temporalityPreference: "delta" },
      },
    }),
  });

/** The hits of a request. */
function hitsIn(body: string): number {
  const { resourceMetrics } = JSON.parse(body);
  // deno-lint-ignore no-explicit-any -- read as a receiver would
  const metrics: any[] = resourceMetrics[0].scopeMetrics.flatMap((scope: any) => scope.metrics);
  return metrics.filter(({ name }) => name === "hits")
    .flatMap(({ sum }) => sum.dataPoints)
    .reduce((sum, { asDouble = 0 }) => sum + asDouble, 0);
}

async function main(): Promise<void> {
  const workers = new Map<string, Worker>();
  let received = 0;
  let replaced: string | undefined;
  let pushedBy: string | undefined;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received += hitsIn(body);
    const pusher = request.headers["x-thread"] as string;
    if (replaced === undefined && received > 0) {
      replaced = pusher;
      await workers.get(pusher)?.terminate();
    }
    if (pusher !== replaced) pushedBy = pusher;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reader = await start(undefined, "reader", () => {});
  let toldOfDoubt = false;
  for (const name of ["a", "b"]) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { endpoint, name } });
    worker.on("message", () => toldOfDoubt = true);
    workers.set(name, worker);
  }
  const counted = async () => Number(/^hits_total (\d+)$/m.exec(await reader.scrape())?.[1] ?? 0);
  while (await counted() < workers.size * HITS_A_THREAD) await pause(20);
  // What both have counted has been pushed when the other one has, twice.
  for (let i = 0; i < 2; i++) {
    pushedBy = undefined;
    while (pushedBy === undefined) await pause(20);
  }
  console.log(JSON.stringify({ counted: await counted(), received, toldOfDoubt }));
  for (const worker of workers.values()) await worker.terminate();
  await reader.shutdown();
  server.closeAllConnections();
  server.close();
}

async function push(): Promise<void> {
  const { endpoint, name } = workerData;
  const obs = await start(endpoint, name, (line) => {
    if (line.includes("whether")) parentPort!.postMessage(line);
  });
  // Before they have met, each would push its own.
  while (!(await obs.scrape()).includes('busbar_threads{state="alive"} 3\n')) await pause(20);
  for (let i = 0; i < HITS_A_THREAD; i++) obs.bus.publish("hit");
  for (;;) {
    await obs.flush();
    await pause(10);
  }
}

await (isMainThread ? main() : push());
