// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Threads that name a worker for the metrics of all; the variable names its port. The one that has
 * started the worker hangs for a while; later it exits, which ends the worker with it, and another
 * thread is to start it again. It prints, as JSON, what was scraped at the port: the hits.
 *
 * @module
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import process from "node:process";
import { startObservability } from "@busbar/busbar/observability";
import { COUNTED, PORT } from "./counted_by_threads.ts";

/** For so long that it is noticed. */
const HANG_MS = 4_000;

/** What is scraped at the port, once it is as expected. */
async function hitsOnce(isExpected: (text: string) => boolean): Promise<unknown> {
  for (;;) {
    const text = await fetch(`http://127.0.0.1:${process.env[PORT]}/metrics`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(1_000),
    }).then((answer) => answer.text(), () => "");
    if (isExpected(text)) return /^hits_total (\d+)/m.exec(text)?.[1];
    await new Promise((resolve) => setTimeout(resolve, 50));
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
  const starter = await startThread();
  const before = await hitsOnce(has("alive", 2));
  starter.postMessage("hang");
  const whileItHangs = await hitsOnce(has("hung", 1));
  const other = await startThread();
  const withAnother = await hitsOnce(has("alive", 3));
  starter.postMessage("exit");
  const afterwards = await hitsOnce((text) => has("alive", 2)(text) && has("dead", 2)(text));
  await other.terminate();
  console.log(JSON.stringify({ before, whileItHangs, withAnother, afterwards }));
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
