// deno-lint-ignore-file no-console -- a service prints where it is
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

const obs = await startObservability({
  serviceName: "shop",
  catalog: shop,
  threads: { name: isMainThread ? "main" : workerData },
});

if (isMainThread) {
  const pool = Array.from({ length: 3 }, (_, i) => {
    return new Worker(new URL(import.meta.url), { workerData: `worker ${i + 1}` });
  });
  await Promise.all(pool.map((worker) => new Promise((ready) => worker.once("message", ready))));

  // What the work is does not matter: each order goes to the next worker.
  for (let order = 0; order < 300; order++) pool[order % pool.length]!.postMessage(order);
  console.log(`metrics of all threads: ${obs.metricsUrl}`);
} else {
  parentPort!.on("message", (order: number) => {
    obs.bus.publish("order", { status: order % 10 === 0 ? "declined" : "ok" });
  });
  parentPort!.postMessage("ready");
}
