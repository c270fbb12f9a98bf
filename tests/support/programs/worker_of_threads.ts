// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Threads that name a worker for the metrics of all; the variable names its port, which the main
 * thread has at first, and leaves. The one that has started the worker hangs for a while; later it
 * exits, which ends the worker with it, and another thread is to start it again. It prints, as JSON,
 * what was scraped at the port: the hits, and whether they ever fell.
 *
 * @module
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import process from "node:process";
import { startObservability } from "@busbar/busbar/observability";
import { COUNTED, PORT } from "./counted_by_threads.ts";

/** For so long that it is noticed. */
const HANG_MS = 4_000;

/** Whether the hits that were scraped have ever fallen. */
let fell = false;
let last = 0;

/** What is scraped at the port, once it is as expected. */
async function hitsOnce(isExpected: (text: string) => boolean): Promise<unknown> {
  for (;;) {
    const text = await fetch(`http://127.0.0.1:${process.env[PORT]}/metrics`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(1_000),
    }).then((answer) => answer.text(), () => "");
    const hits = Number(/^hits_total (\d+)/m.exec(text)?.[1] ?? 0);
    if (text !== "" && hits < last) fell = true;
    last = Math.max(last, hits);
    if (isExpected(text)) return hits;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const has = (state: string, count: number) => (text: string) =>
  text.includes(`busbar_threads{state="${state}"} ${count}\n`);

async function startThread(): Promise<Worker> {
  const thread = new Worker(new URL(import.meta.url));
  await new Promise((resolve) => thread.once("message", resolve));
  return thread;
}

if (isMainThread) {
  const obs = await startObservability({
    ...COUNTED,
    threads: { name: "main" },
    prometheus: { port: Number(process.env[PORT]) },
  });
  const starter = await startThread();
  // The worker waits for the port, which this thread has.
  await hitsOnce(has("alive", 3));
  await obs.shutdown();
  const before = await hitsOnce((text) => has("alive", 2)(text) && has("dead", 1)(text));
  starter.postMessage("hang");
  const whileItHangs = await hitsOnce(has("hung", 1));
  const other = await startThread();
  const withAnother = await hitsOnce(has("alive", 3));
  starter.postMessage("exit");
  const afterwards = await hitsOnce((text) => has("alive", 2)(text) && has("dead", 3)(text));
  await other.terminate();
  console.log(JSON.stringify({ before, whileItHangs, withAnother, afterwards, fell }));
  process.exit(0);
} else {
  const obs = await startObservability({
    ...COUNTED,
    threads: { metricsWorker: new URL("./metrics_worker.ts", import.meta.url) },
    server: false,
  });
  obs.bus.publish("hit");
  await obs.flush();
  parentPort!.on("message", (what) => {
    if (what === "exit") process.exit(0);
    const until = performance.now() + HANG_MS;
    while (performance.now() < until);
  });
  parentPort!.postMessage("counted");
}
