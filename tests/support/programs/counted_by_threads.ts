import { declare } from "@busbar/busbar/catalog";

const { catalog, counter } = declare<{ "hit": undefined }>();

/** What the threads of worker_of_threads.ts start observability with, and their worker. */
export const COUNTED = {
  catalog: catalog({ metrics: { "hits": counter("hit") } }),
  serviceName: "worker_of_threads",
  runtimeMetrics: false,
  env: () => undefined,
  logger: { warn: () => {} },
} as const;

/** Names the port that the worker serves. */
export const PORT = "METRICS_WORKER_PORT";
