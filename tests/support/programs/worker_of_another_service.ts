// Names itself as its metrics worker, which has another service's name: it must say so.
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { startObservability } from "@busbar/busbar/observability";

const metricsWorker = new URL(import.meta.url);
await startObservability(
  isMainThread
    ? { serviceName: "shop", threads: { metricsWorker }, server: false, env: () => undefined }
    : { serviceName: "depot", threads: true, prometheus: { port: 0 }, env: () => undefined },
);
// Whoever started it ends it sooner.
if (isMainThread) setTimeout(() => process.exit(), 15_000);
