// deno-lint-ignore-file no-console -- a service prints where it is
import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

// A pool of Workers, on Deno and on Bun: the web's Worker, which both have.
const obs = await startObservability({
  serviceName: "shop",
  catalog: shop,
  threads: { name: "main" },
});
const pool = Array.from({ length: 3 }, (_, i) => {
  const name = `worker ${i + 1}`;
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
});
await Promise.all(
  pool.map((worker) =>
    new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }))
  ),
);

// What the work is does not matter: each order goes to the next worker.
for (let order = 0; order < 300; order++) pool[order % pool.length]!.postMessage(order);
console.log(`metrics of all threads: ${obs.metricsUrl}`);
